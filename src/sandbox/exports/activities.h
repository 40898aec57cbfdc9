/* The report of workflow activities. */
#ifndef IC_SANDBOX_ACTIVITIES_H
#define IC_SANDBOX_ACTIVITIES_H

#include "sandbox/exports/report.h"
#include "sandbox/workflows/workflow.h"

extern const char *const ic_activity_columns[];
/* Writes one row for each activity from `start` to `end`. `metadata` (an array of JSON strings; NULL: none)
 * names workflow attributes to add as columns. Without comment_detail the comments' text is left out. */
void ic_activities_report(const ic_company *company, const cJSON *metadata, bool comment_detail,
                          ic_time start, ic_time end, ic_report *report);

#endif
