#include "sandbox/exports/audit.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <stdio.h>
#include <string.h>

#define ENTRIES_MAX 20000 /* beyond it the older half is removed */

typedef struct entry {
    ic_time time;
    const ic_operation *operation;
    unsigned status;
    char *target, *actor; /* owned; the actor "": no user */
} entry;

static void audit_free_entry(entry *entry) {
    ic_free(entry->target);
    ic_free(entry->actor);
    ic_free(entry);
}

void ic_audit_note(const ic_exchange *x) {
    if (!x->operation || x->operation->method == IC_GET) return;
    entry *noted = ic_calloc(1, sizeof *noted);
    if (!noted) return;
    noted->time = ic_company_now(x->company);
    noted->operation = x->operation;
    noted->status = x->status;
    noted->target = ic_strdup(x->path);
    noted->actor = ic_strdup(x->user ? x->user->email : "");
    ic_array *entries = &x->company->audit;
    if (entries->count >= ENTRIES_MAX)
        IC_ARRAY_FREE_FIRST(entries, entries->count / 2, entry *, audit_free_entry);
    if (!noted->target || !noted->actor || !ic_array_push(entries, noted)) audit_free_entry(noted);
}

void ic_audit_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->audit, entry *, audit_free_entry);
}

/* --- the report --- */

const char *const ic_audit_columns[] = {"timestamp", "category", "event", "actor", "target", "status", NULL};

/* The two categories that exports can ask for; anything else goes by its resource. */
static const char *audit_category(const entry *entry) {
    if (entry->status >= 400) return "integration_errors";
    return ic_text_starts(entry->operation->path, "/scim/") ? "user_entitlement"
           : entry->operation->resource                     ? entry->operation->resource
                                                            : "oauth";
}

static bool audit_is_wanted(const cJSON *categories, const char *category) {
    const cJSON *wanted;
    if (!categories) return true;
    cJSON_ArrayForEach(wanted, categories) {
        if (cJSON_IsString(wanted) && strcmp(wanted->valuestring, category) == 0) return true;
    }
    return false;
}

void ic_audit_report(const ic_company *company, const cJSON *categories, ic_time start, ic_time end,
                     ic_report *report) {
    for (size_t i = 0; i < company->audit.count; i++) {
        const entry *entry = company->audit.items[i];
        const char *category = audit_category(entry);
        if (entry->time < start || entry->time > end || !audit_is_wanted(categories, category)) continue;
        char status[16];
        snprintf(status, sizeof status, "%u", entry->status);
        ic_report_text(report, ic_time_print(entry->time).text);
        ic_report_text(report, category);
        ic_report_text(report, entry->operation->id);
        ic_report_text(report, entry->actor);
        ic_report_text(report, entry->target);
        ic_report_text(report, status);
        ic_report_end_row(report);
    }
}
