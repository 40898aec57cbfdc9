/* Writes a table as an XLSX workbook, row by row. */
#ifndef IC_SANDBOX_WORKBOOK_H
#define IC_SANDBOX_WORKBOOK_H

#include "sandbox/base/blob.h"
#include "sandbox/base/dates.h"
#include <stdbool.h>

typedef struct ic_workbook ic_workbook;

/* An empty workbook with one sheet, in a temporary file. NULL: no memory, or no space on the disk. */
ic_workbook *ic_workbook_new(const char *sheet, ic_time created);
/* Writes the next cell of the current row. `heading`: for the first row. */
void ic_workbook_heading(ic_workbook *book, const char *text);
void ic_workbook_text(ic_workbook *book, const char *text); /* NULL or "": an empty cell */
void ic_workbook_number(ic_workbook *book, double number);
void ic_workbook_boolean(ic_workbook *book, bool value);
void ic_workbook_date(ic_workbook *book, ic_time time); /* shown without the time */
void ic_workbook_end_row(ic_workbook *book);
/* Finishes and frees the workbook, even on failure. The caller owns the first reference to the bytes. NULL:
 * no memory, or no space on the disk. */
ic_blob *ic_workbook_finish(ic_workbook *book, ic_spool *spool);

#endif
