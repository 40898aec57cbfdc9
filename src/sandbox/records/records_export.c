/* Exports records as an XLSX workbook: a row for each record, a column for each property. */
#include "core/base/buf.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record_properties.h"
#include "sandbox/records/record_query.h"
#include "sandbox/records/record_view.h"
#include "sandbox/records/workbook.h"
#include <stdio.h>
#include <string.h>

/* --- columns --- */

/* The requested members of the record schema, in that order; by default all visible ones. false: an error is
 * set as the reply. */
static bool records_export_read_columns(ic_exchange *x, ic_array *columns) {
    const char *asked = ic_exchange_query(x, "properties");
    const cJSON *schema = x->company->record_properties, *property;
    if (!asked || !*asked) {
        cJSON_ArrayForEach(property, schema) {
            bool hidden = cJSON_IsFalse(ic_json_member(property, "visible"));
            if (!hidden && !ic_array_push(columns, (void *)property)) {
                ic_reply_no_memory(x);
                return false;
            }
        }
        return true;
    }
    for (const char *at = asked; *at;) {
        char name[256];
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        at += length + (at[length] == ',');
        if (strcmp(name, "name") == 0) continue; /* always has its column */
        property = ic_json_member(schema, name);
        if (!property) {
            ic_reply_error(x, 400, "INVALID_PARAM", "/?properties", "unknown property %s", name);
            return false;
        }
        if (!ic_array_push(columns, (void *)property)) {
            ic_reply_no_memory(x);
            return false;
        }
    }
    return true;
}

/* --- cells --- */

static void records_export_add_item(ic_buf *text, const char *item) {
    if (!item || !*item) return;
    if (text->length) ic_buf_puts(text, ", ");
    ic_buf_puts(text, item);
}

/* The text of an object or list in a cell. */
static void records_export_describe(ic_buf *text, const cJSON *value) {
    static const char *const telling[] = {"clauseText", "recordId"};
    const cJSON *amount = ic_json_member(value, "amount"), *item;
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
        if (ic_json_string(value, telling[i])) {
            ic_buf_puts(text, ic_json_string(value, telling[i]));
            return;
        }
    if (cJSON_IsNumber(amount)) ic_buf_printf(text, "%.15g", amount->valuedouble);
    if (cJSON_IsString(amount)) ic_buf_puts(text, amount->valuestring);
    if (amount) {
        ic_buf_printf(text, " %s", ic_json_string(value, "currency"));
        return;
    }
    cJSON_ArrayForEach(item, value) records_export_add_item(text, cJSON_GetStringValue(item));
}

static void records_export_write_value(ic_workbook *book, const char *type, const cJSON *value) {
    ic_time time;
    if (cJSON_IsNumber(value)) {
        ic_workbook_number(book, value->valuedouble);
    } else if (cJSON_IsBool(value)) {
        ic_workbook_boolean(book, cJSON_IsTrue(value));
    } else if (cJSON_IsString(value) && strcmp(type, "date") == 0 &&
               ic_time_parse(value->valuestring, &time)) {
        ic_workbook_date(book, time);
    } else if (cJSON_IsString(value)) {
        ic_workbook_text(book, value->valuestring);
    } else if (strcmp(type, "address") == 0) {
        cJSON *text = ic_address_text(value);
        ic_workbook_text(book, cJSON_GetStringValue(text));
        cJSON_Delete(text);
    } else {
        ic_buf text = {0};
        records_export_describe(&text, value);
        ic_workbook_text(book, ic_buf_text(&text));
        ic_buf_free(&text);
    }
}

static void records_export_write_headings(ic_workbook *book, const ic_array *columns) {
    static const char *const fixed[] = {"Ironclad ID", "Name", "Type", "Last Updated"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        ic_workbook_heading(book, fixed[i]);
    for (size_t i = 0; i < columns->count; i++)
        ic_workbook_heading(book, ic_json_string(columns->items[i], "displayName"));
    ic_workbook_end_row(book);
}

static void records_export_write_record(ic_workbook *book, const ic_record *record, const ic_array *columns) {
    cJSON *properties = ic_record_properties(record);
    ic_workbook_text(book, record->readable);
    ic_workbook_text(book, record->name);
    ic_workbook_text(book, record->type->display_name);
    ic_workbook_date(book, record->updated);
    for (size_t i = 0; i < columns->count; i++) {
        const cJSON *column = columns->items[i];
        const cJSON *property = ic_json_member(properties, column->string);
        records_export_write_value(book, ic_json_string(column, "type"), ic_json_member(property, "value"));
    }
    ic_workbook_end_row(book);
    cJSON_Delete(properties);
}

/* --- the file --- */

static ic_blob *records_export_make_file(const ic_company *company, const ic_record_query *query,
                                         const ic_array *columns) {
    ic_workbook *book = ic_workbook_new("Records", ic_company_now(company));
    if (!book) return NULL;
    records_export_write_headings(book, columns);
    for (size_t i = query->order->count; i-- > 0;)
        if (ic_record_is_wanted(query->order->items[i], query))
            records_export_write_record(book, query->order->items[i], columns);
    return ic_workbook_finish(book, company->spool);
}

static void records_export_reply_file(ic_exchange *x, ic_blob *file) {
    char name[64];
    if (!file) {
        ic_reply_error(x, 500, "SERVER_ERROR", NULL, "the sandbox cannot write the workbook");
        return;
    }
    snprintf(name, sizeof name, "%.10s-records-export.xlsx", ic_time_print(ic_company_now(x->company)).text);
    ic_reply_download(x, file, "application/octet-stream", name);
    ic_blob_release(file);
}

void ic_records_export(ic_exchange *x) {
    ic_record_query query;
    ic_array columns = {0};
    if (ic_record_query_read(x, &query) && records_export_read_columns(x, &columns))
        records_export_reply_file(x, records_export_make_file(x->company, &query, &columns));
    ic_record_query_free(&query);
    ic_array_free(&columns);
}
