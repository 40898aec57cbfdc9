/* A table as an XLSX workbook, written row by row. */
#ifndef IC_SANDBOX_WORKBOOK_H
#define IC_SANDBOX_WORKBOOK_H

#include "sandbox/world/blob.h"
#include "sandbox/world/dates.h"
#include <stdbool.h>

typedef struct ic_workbook ic_workbook;

/* An empty one with one sheet, kept in a temporary file. NULL: no memory, or no place on the disk. */
ic_workbook *ic_workbook_new(const char *sheet, ic_time created);
/* A cell of the current row, the one after the last; `heading`: of the first row. */
void ic_workbook_heading(ic_workbook *book, const char *text);
void ic_workbook_text(ic_workbook *book, const char *text); /* NULL or "": stays empty */
void ic_workbook_number(ic_workbook *book, double number);
void ic_workbook_boolean(ic_workbook *book, bool value);
void ic_workbook_date(ic_workbook *book, ic_time time); /* shown as its day */
void ic_workbook_end_row(ic_workbook *book);
/* Ends it, and frees it also when that fails. The caller is the bytes' first holder; NULL: no memory, or no
 * place on the disk. */
ic_blob *ic_workbook_finish(ic_workbook *book, ic_spool *spool);

#endif
