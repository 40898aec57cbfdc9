#include "sandbox/records/workbook.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/platform.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define ROWS_MAX LXW_ROW_MAX
#define TEXT_MAX 32767 /* characters in a cell */
#define DAY      ((double)24 * 60 * 60 * 1000)

struct ic_workbook {
    char *path; /* of the temporary file; removed when the workbook is freed */
    int fd;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *bold, *day;
    lxw_row_t row;
    lxw_col_t column;
};

/* The library writes the file through its path; it is read through `fd`. */
static bool workbook_open_file(ic_workbook *book) {
    const char *tmp = getenv("TMPDIR");
    ic_buf path = {0};
    ic_buf_printf(&path, "%s/ironclad-sandbox-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    book->path = ic_buf_take(&path, NULL);
    ic_buf_free(&path);
    book->fd = book->path ? ic_open_temporary(book->path) : -1;
    return book->fd >= 0;
}

static void workbook_free(ic_workbook *book) {
    if (book->fd >= 0) {
        unlink(book->path);
        close(book->fd);
    }
    ic_free(book->path);
    ic_free(book);
}

ic_workbook *ic_workbook_new(const char *sheet, ic_time created) {
    ic_workbook *book = ic_calloc(1, sizeof *book);
    if (!book) return NULL;
    /* Writes rows to the disk one by one: a company may have 100,000 records. */
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = getenv("TMPDIR")};
    lxw_doc_properties properties = {.created = (time_t)(created / 1000)};
    if (workbook_open_file(book)) book->book = workbook_new_opt(book->path, &options);
    book->sheet = book->book ? workbook_add_worksheet(book->book, sheet) : NULL;
    if (!book->sheet) {
        lxw_workbook_free(book->book);
        workbook_free(book);
        return NULL;
    }
    workbook_set_properties(book->book, &properties);
    book->bold = workbook_add_format(book->book);
    book->day = workbook_add_format(book->book);
    if (book->bold) format_set_bold(book->bold);
    if (book->day) format_set_num_format(book->day, "yyyy-mm-dd");
    return book;
}

static void workbook_write_text(ic_workbook *book, const char *text, lxw_format *format) {
    size_t length = text ? strlen(text) : 0;
    char *cut = NULL;
    if (length > TEXT_MAX) {
        length = TEXT_MAX;
        while (((unsigned char)text[length] & 0xC0) == 0x80)
            length--;
        text = cut = ic_strndup(text, length);
    }
    if (text && *text) worksheet_write_string(book->sheet, book->row, book->column, text, format);
    ic_free(cut);
    book->column++;
}

void ic_workbook_heading(ic_workbook *book, const char *text) {
    worksheet_set_column(book->sheet, book->column, book->column, 20, NULL);
    workbook_write_text(book, text, book->bold);
}

void ic_workbook_text(ic_workbook *book, const char *text) {
    workbook_write_text(book, text, NULL);
}

void ic_workbook_number(ic_workbook *book, double number) {
    worksheet_write_number(book->sheet, book->row, book->column++, number, NULL);
}

void ic_workbook_boolean(ic_workbook *book, bool value) {
    worksheet_write_boolean(book->sheet, book->row, book->column++, value, NULL);
}

/* A workbook counts days from 1899-12-30. */
void ic_workbook_date(ic_workbook *book, ic_time time) {
    worksheet_write_number(book->sheet, book->row, book->column++, (double)time / DAY + 25569, book->day);
}

void ic_workbook_end_row(ic_workbook *book) {
    if (book->row + 1 < ROWS_MAX) book->row++;
    book->column = 0;
}

static ic_blob *workbook_read_file(int fd, ic_spool *spool) {
    char piece[16 * 1024];
    ssize_t got = 0;
    off_t at = 0;
    ic_blob *blob = ic_blob_begin(spool, IC_BLOB_IN_MEMORY);
    while (blob && (got = pread(fd, piece, sizeof piece, at)) > 0) {
        at += got;
        if (ic_blob_add(blob, piece, (size_t)got)) continue;
        got = -1;
        break;
    }
    if (got == 0) return blob;
    ic_blob_release(blob);
    return NULL;
}

ic_blob *ic_workbook_finish(ic_workbook *book, ic_spool *spool) {
    ic_blob *blob = workbook_close(book->book) == LXW_NO_ERROR ? workbook_read_file(book->fd, spool) : NULL;
    workbook_free(book);
    return blob;
}
