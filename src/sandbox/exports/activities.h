/* What has happened in workflows, as a report. */
#ifndef IC_SANDBOX_ACTIVITIES_H
#define IC_SANDBOX_ACTIVITIES_H

#include "sandbox/exports/report.h"
#include "sandbox/world/world.h"

extern const char *const ic_activity_columns[];
/* A row for each activity from `start` to `end`; behind the columns stand the attributes that `metadata`
 * (JSON strings; NULL: none) names. Without comment_detail the comments' text is left out. */
void ic_activities_report(const ic_world *world, const cJSON *metadata, bool comment_detail, ic_time start,
                          ic_time end, ic_report *report);

#endif
