/* Exports of activity: evidence, and CSV. A job ends after the sandbox's job_seconds; its file is made when
 * its link is first asked for. */
#include "sandbox/clickwrap/jobs.h"
#include "core/base/alloc.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/filter.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include "sandbox/exports/report.h"
#include <stdio.h>
#include <string.h>

#define LINK_SECONDS ((ic_time)1200)

static const char *const job_columns[] = {"id",      "signer_id", "event_type",   "contract",
                                          "version", "group",     "created_time", NULL};

/* Those that a choice of columns always has. */
static const char *const job_columns_always[] = {"id", "signer_id", "created_time", NULL};

typedef struct job_file {
    ic_object_id id; /* of the job */
    ic_blob *bytes;  /* held */
} job_file;

void ic_cw_jobs_free(ic_company *company) {
    ic_array *files = &company->clickwrap->files;
    for (size_t i = 0; i < files->count; i++) {
        job_file *file = files->items[i];
        ic_blob_release(file->bytes);
        ic_free(file);
    }
    ic_array_free(files);
}

/* A job of either kind, not in its list yet; it is over after job_seconds. */
static cJSON *job_new(ic_exchange *x, ic_cw_kind kind, const char *name, const char *filter) {
    cJSON *job = ic_cw_new(x->company, kind);
    double ends = (double)ic_company_now(x->company) + x->company->job_seconds * 1000;
    ic_put_text(job, "job_name", name);
    ic_put_text(job, "status", "pending");
    ic_put_text(job, "source", "api");
    ic_put_bool(job, "active", true);
    ic_put_number(job, "retry_count", 0);
    ic_put_number(job, ".ends", ends);
    ic_put_text(job, ".filter", filter ? filter : "");
    ic_put(job, "data", cJSON_CreateObject());
    return job;
}

/* Brings a job's status to the current time. When out of memory the job is not over yet. */
static bool job_is_over(ic_exchange *x, cJSON *job) {
    double now = (double)ic_company_now(x->company), ends = ic_cw_number(job, ".ends");
    if (now < ends) return false;
    if (!ic_cw_true(job, "active")) return true;
    cJSON *copy = ic_cw_edit(job);
    ic_cw_set_text(copy, "status", "success");
    ic_cw_set_bool(copy, "active", false);
    return ic_cw_commit(job, copy);
}

/* Whether the activity is asked for: by the filter of a CSV export, or by the times of evidence. */
static bool job_wants(const cJSON *job, const cJSON *activity) {
    const char *filter = ic_json_string(job, ".filter"), *from = ic_json_string(job, ".from"),
               *until = ic_json_string(job, ".until"), *time = ic_json_string(activity, "created_time");
    return ic_cw_filter_fits(filter && *filter ? filter : NULL, activity) &&
           (!from || strcmp(time, from) >= 0) && (!until || strcmp(time, until) <= 0);
}

static bool job_always_has(const char *name) {
    for (size_t i = 0; job_columns_always[i]; i++)
        if (strcmp(job_columns_always[i], name) == 0) return true;
    return false;
}

/* Begins the report with the columns of the job; a name with a dot first is the sandbox's own. `names` holds
 * them as long as the report needs them. */
static void job_begin_report(ic_company *company, const cJSON *job, ic_report *report, ic_buf *names) {
    const char *fields = ic_json_string(job, ".fields");
    ic_report_begin(report, false, company->spool, fields ? job_columns_always : job_columns);
    if (!fields) return;
    ic_buf_puts(names, fields);
    if (!ic_buf_text(names)) report->failed = true;
    if (report->failed) return;
    char *left = NULL;
    for (char *name = strtok_r(names->data, ", ", &left); name; name = strtok_r(NULL, ", ", &left))
        if (*name != '.' && !job_always_has(name)) ic_report_add_column(report, name);
}

static void job_add_cell(ic_report *report, const cJSON *activity, const char *name) {
    const cJSON *member = ic_json_member(activity, name);
    bool plain = !member || cJSON_IsNull(member) || cJSON_IsString(member) || cJSON_IsNumber(member);
    char text[256], *json = plain ? NULL : ic_json_print(member);
    if (!plain && !json) report->failed = true;
    ic_report_text(report, json ? json : ic_cw_text(activity, name, text, sizeof text));
    ic_json_text_free(json);
}

static ic_blob *job_make_file(ic_company *company, const cJSON *job) {
    ic_report report;
    ic_buf names = {0};
    const cJSON *activity;
    job_begin_report(company, job, &report, &names);
    cJSON_ArrayForEach(activity, company->clickwrap->lists[IC_CW_ACTIVITY]) {
        if (!job_wants(job, activity)) continue;
        for (size_t i = 0; i < report.columns.count; i++)
            job_add_cell(&report, activity, report.columns.items[i]);
        ic_report_end_row(&report);
    }
    ic_blob *file = ic_report_end(&report);
    ic_buf_free(&names);
    return file;
}

static job_file *job_find_file(const ic_company *company, const char *id) {
    const ic_array *files = &company->clickwrap->files;
    for (size_t i = 0; i < files->count; i++) {
        job_file *file = files->items[i];
        if (strcmp(file->id, id) == 0) return file;
    }
    return NULL;
}

/* Makes the job's file unless it is there. false: no memory, or no space on the disk. */
static bool job_keep_file(ic_company *company, const cJSON *job) {
    const char *id = ic_json_string(job, "id");
    if (job_find_file(company, id)) return true;
    job_file *file = ic_calloc(1, sizeof *file);
    if (!file) return false;
    snprintf(file->id, sizeof file->id, "%s", id);
    file->bytes = job_make_file(company, job);
    if (file->bytes && ic_array_push(&company->clickwrap->files, file)) return true;
    ic_blob_release(file->bytes);
    ic_free(file);
    return false;
}

ic_stored_file ic_cw_job_file(const ic_company *company, const char *id, const char *name) {
    const job_file *file = company->clickwrap ? job_find_file(company, id) : NULL;
    (void)name;
    return file ? (ic_stored_file){file->bytes, "activity.csv", "text/csv"} : (ic_stored_file){0};
}

/* A link to the job's file, owned by the caller; NULL: it cannot be made. */
static char *job_link(ic_company *company, const cJSON *job) {
    if (!job_keep_file(company, job)) return NULL;
    return ic_storage_link(company, IC_CLICKWRAP_FILES, ic_json_string(job, "id"), "activity.csv",
                           ic_company_now(company) + LINK_SECONDS * 1000);
}

/* --- CSV --- */

static void job_reply_export(ic_exchange *x, cJSON *job) {
    cJSON *answer = cJSON_CreateObject();
    char *link = job_is_over(x, job) ? job_link(x->company, job) : NULL;
    cJSON *view = ic_put(answer, "data", ic_cw_view(job)), *links = cJSON_CreateArray();
    static const char *const times[] = {"created_time", "updated_time"};
    for (size_t i = 0; i < 2; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(view, times[i]);
    if (link) ic_append(links, cJSON_CreateString(link));
    ic_put(view, "links", links);
    ic_free(link);
    ic_reply_json(x, 200, answer);
}

void ic_cw_exports_create(ic_exchange *x) {
    const char *filter = ic_exchange_query(x, "filter"), *fields = ic_exchange_query(x, "fields");
    if (filter && !ic_cw_filter_valid(filter)) {
        ic_cw_refuse(x, "the filter cannot be read");
        return;
    }
    cJSON *job = job_new(x, IC_CW_EXPORT, "GenerateExportCSV", filter);
    if (fields && *fields) ic_cw_set_text(job, ".fields", fields);
    job = ic_cw_kept(x, IC_CW_EXPORT, job);
    if (job) job_reply_export(x, job);
}

void ic_cw_exports_get(ic_exchange *x) {
    cJSON *job = ic_cw_of_path(x, IC_CW_EXPORT, 0);
    if (job) job_reply_export(x, job);
}

/* --- evidence --- */

/* Copies a time of the body to a new job, in the form of `created_time`. false: it is none. */
static bool job_read_time(ic_exchange *x, cJSON *job, const char *name, const char *as) {
    const char *text = ic_json_string(x->body, name);
    ic_time time;
    if (!text) return true;
    if (!ic_time_parse(text, &time)) return false;
    ic_cw_set_text(job, as, ic_time_print(time).text);
    return true;
}

void ic_cw_evidence_create(ic_exchange *x) {
    cJSON *job = job_new(x, IC_CW_EVIDENCE, "ExtractEvidenceCSV", NULL);
    if (!job_read_time(x, job, "start_date", ".from") || !job_read_time(x, job, "end_date", ".until")) {
        cJSON_Delete(job);
        ic_cw_refuse(x, "start_date and end_date are dates");
    } else if ((job = ic_cw_kept(x, IC_CW_EVIDENCE, job))) {
        ic_cw_reply_thing(x, 201, IC_CW_EVIDENCE, job, false);
    }
}

void ic_cw_evidence_list(ic_exchange *x) {
    cJSON *job;
    cJSON_ArrayForEach(job, x->company->clickwrap->lists[IC_CW_EVIDENCE]) job_is_over(x, job);
    ic_cw_reply_list(x, IC_CW_EVIDENCE, NULL);
}

void ic_cw_evidence_get(ic_exchange *x) {
    cJSON *job = ic_cw_of_path(x, IC_CW_EVIDENCE, 0);
    if (!job) return;
    job_is_over(x, job);
    ic_cw_reply_thing(x, 200, IC_CW_EVIDENCE, job, false);
}

void ic_cw_evidence_urls(ic_exchange *x) {
    cJSON *job = ic_cw_of_path(x, IC_CW_EVIDENCE, 0);
    if (!job) return;
    cJSON *answer = cJSON_CreateObject();
    char *link = job_is_over(x, job) ? job_link(x->company, job) : NULL;
    if (link)
        ic_append(ic_put(answer, "clickwrap_activities", cJSON_CreateArray()), cJSON_CreateString(link));
    else
        ic_put_text(answer, "error", "the export is not finished"); /* with status 200, as the service does */
    ic_free(link);
    ic_reply_json(x, 200, answer);
}
