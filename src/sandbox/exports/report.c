#include "sandbox/exports/report.h"
#include "core/json/json.h"
#include <string.h>

static void report_flush(ic_report *report) {
    if (report->text.failed || (report->file && report->text.length &&
                                !ic_blob_add(report->file, report->text.data, report->text.length)))
        report->failed = true;
    report->text.length = 0;
}

void ic_report_begin(ic_report *report, bool json, ic_spool *spool, const char *const *columns) {
    *report = (ic_report){.json = json, .file = ic_blob_begin(spool, IC_BLOB_IN_MEMORY)};
    if (!report->file) report->failed = true;
    for (; *columns; columns++)
        ic_report_add_column(report, *columns);
}

void ic_report_add_column(ic_report *report, const char *name) {
    if (!ic_array_push(&report->columns, (void *)name)) report->failed = true;
}

/* --- cells --- */

static void report_add_json(ic_report *report, const char *text) {
    cJSON *node = cJSON_CreateStringReference(text);
    char *quoted = ic_json_print(node);
    if (quoted)
        ic_buf_puts(&report->text, quoted);
    else
        report->failed = true;
    ic_json_text_free(quoted);
    cJSON_Delete(node);
}

static void report_add_csv(ic_report *report, const char *text) {
    if (!strpbrk(text, "\",\r\n")) {
        ic_buf_puts(&report->text, text);
        return;
    }
    ic_buf_putc(&report->text, '"');
    for (; *text; text++) {
        if (*text == '"') ic_buf_putc(&report->text, '"');
        ic_buf_putc(&report->text, *text);
    }
    ic_buf_putc(&report->text, '"');
}

/* The text before the first row. Called when all columns are known. */
static void report_add_header(ic_report *report) {
    if (report->json) {
        ic_buf_putc(&report->text, '[');
        return;
    }
    for (size_t i = 0; i < report->columns.count; i++) {
        if (i) ic_buf_putc(&report->text, ',');
        report_add_csv(report, report->columns.items[i]);
    }
    ic_buf_puts(&report->text, "\r\n");
}

/* The text between the previous cell, or the start of the file, and this cell. */
static void report_add_separator(ic_report *report) {
    if (!report->row && !report->column) report_add_header(report);
    if (!report->json) {
        if (report->column) ic_buf_putc(&report->text, ',');
        return;
    }
    ic_buf_puts(&report->text, report->column ? "," : report->row ? ",\n{" : "\n{");
    report_add_json(report, report->columns.items[report->column]);
    ic_buf_putc(&report->text, ':');
}

void ic_report_text(ic_report *report, const char *text) {
    if (report->failed || report->column >= report->columns.count) return;
    bool empty = !text || !*text;
    report_add_separator(report);
    if (report->json && empty)
        ic_buf_puts(&report->text, "null");
    else if (report->json)
        report_add_json(report, text);
    else if (!empty)
        report_add_csv(report, text);
    report->column++;
}

void ic_report_end_row(ic_report *report) {
    while (!report->failed && report->column < report->columns.count)
        ic_report_text(report, NULL);
    ic_buf_puts(&report->text, report->json ? "}" : "\r\n");
    report->column = 0;
    report->row++;
    report_flush(report);
}

ic_blob *ic_report_end(ic_report *report) {
    if (!report->row && !report->failed) report_add_header(report);
    if (report->json) ic_buf_puts(&report->text, "\n]\n");
    report_flush(report);
    ic_buf_free(&report->text);
    ic_array_free(&report->columns);
    if (!report->failed) return report->file;
    ic_blob_release(report->file);
    return NULL;
}
