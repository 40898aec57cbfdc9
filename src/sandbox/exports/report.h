/* Writes a table cell by cell, as CSV (RFC 4180, with a header line) or as a JSON array of objects. */
#ifndef IC_SANDBOX_REPORT_H
#define IC_SANDBOX_REPORT_H

#include "core/base/buf.h"
#include "sandbox/base/blob.h"
#include "sandbox/base/table.h"
#include <stdbool.h>

typedef struct ic_report {
    bool json;
    ic_array columns; /* const char *; they must outlive the report */
    size_t column, row;
    ic_buf text; /* of the current row */
    ic_blob *file;
    bool failed;
} ic_report;

/* `columns` ends with NULL; more may be added. Failures are reported by ic_report_end. */
void ic_report_begin(ic_report *report, bool json, ic_spool *spool, const char *const *columns);
void ic_report_add_column(ic_report *report, const char *name); /* before the first cell */
void ic_report_text(ic_report *report, const char *text);       /* NULL or "": the cell stays empty */
void ic_report_end_row(ic_report *report);
/* The caller owns the first reference to the file. NULL: no memory, or no space on the disk. */
ic_blob *ic_report_end(ic_report *report);

#endif
