/* Who changed what, or tried to: the company's audit log. */
#ifndef IC_SANDBOX_AUDIT_H
#define IC_SANDBOX_AUDIT_H

#include "sandbox/exports/report.h"
#include "sandbox/http/exchange.h"

/* Logs an operation that has been answered, unless it only reads. When out of memory, it is not logged. */
void ic_audit_note(const ic_exchange *x);
/* Its columns, and a row for each entry of the categories (JSON strings; NULL: all) from `start` to `end`. */
extern const char *const ic_audit_columns[];
void ic_audit_report(const ic_company *company, const cJSON *categories, ic_time start, ic_time end,
                     ic_report *report);
void ic_audit_free(ic_company *company);

#endif
