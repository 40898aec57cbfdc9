/* Exports: reports that are made in the background and downloaded when they are done. Their errors have the
 * shape {"error": text}. */
#include "sandbox/exports/exports.h"
#include "core/base/alloc.h"
#include "sandbox/company/jobs.h"
#include "sandbox/exports/activities.h"
#include "sandbox/exports/audit.h"
#include "sandbox/exports/handlers.h"
#include "sandbox/http/storage.h"
#include <stdio.h>
#include <string.h>

static bool export_refuse(ic_exchange *x, const char *message, const char *detail) {
    ic_reply_error(x, 400, "INVALID_PARAM", NULL, "%s%s", message, detail);
    return false;
}

/* --- export types --- */

typedef struct setting {
    const char *name;
    bool is_list; /* of strings; otherwise a boolean */
    const char *choices;
} setting;

static void export_make_activities(const ic_company *company, const cJSON *configs, ic_time start,
                                   ic_time end, ic_report *report) {
    bool comments = cJSON_IsTrue(ic_json_member(configs, "includeCommentDetail"));
    ic_activities_report(company, ic_json_member(configs, "metadataProperties"), comments, start, end,
                         report);
}

static void export_make_audit_log(const ic_company *company, const cJSON *configs, ic_time start, ic_time end,
                                  ic_report *report) {
    ic_audit_report(company, ic_json_member(configs, "eventCategories"), start, end, report);
}

/* The settings that an export type takes in exportConfigs, and how its report is made. */
static const struct export_type {
    const char *name;
    setting settings[3];
    void (*make)(const ic_company *company, const cJSON *configs, ic_time start, ic_time end,
                 ic_report *report);
    const char *const *columns;
} types[] = {
    {"workflow_activities",
     {{"metadataProperties", true, NULL}, {"includeCommentDetail", false, NULL}, {NULL, false, NULL}},
     export_make_activities,
     ic_activity_columns},
    {"audit_log",
     {{"eventCategories", true, "user_entitlement integration_errors"}, {NULL, false, NULL}},
     export_make_audit_log,
     ic_audit_columns},
};

static const struct export_type *export_type_of(const cJSON *request) {
    const char *name = ic_json_string(request, "exportType");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0) return &types[i];
    return NULL;
}

/* --- checking a request --- */

static bool export_check_list(ic_exchange *x, const setting *setting, const cJSON *given) {
    const cJSON *item;
    if (!cJSON_IsArray(given))
        return export_refuse(x, "expected an array of strings in exportConfigs.", setting->name);
    cJSON_ArrayForEach(item, given) {
        if (!cJSON_IsString(item))
            return export_refuse(x, "expected an array of strings in exportConfigs.", setting->name);
        if (setting->choices && !ic_is_choice(setting->choices, item->valuestring))
            return export_refuse(x, "unknown event category: ", item->valuestring);
    }
    return true;
}

static bool export_check_configs(ic_exchange *x, const struct export_type *type) {
    const cJSON *given;
    cJSON_ArrayForEach(given, ic_json_member(x->body, "exportConfigs")) {
        const setting *setting = type->settings;
        while (setting->name && strcmp(setting->name, given->string) != 0)
            setting++;
        if (!setting->name) return export_refuse(x, "unknown export config: ", given->string);
        if (setting->is_list && !export_check_list(x, setting, given)) return false;
        if (!setting->is_list && !cJSON_IsBool(given))
            return export_refuse(x, "expected a boolean in exportConfigs.", setting->name);
    }
    return true;
}

/* Reads one end of the time range. Leaves *time unchanged when the request does not have it. */
static bool export_read_date(ic_exchange *x, const cJSON *request, const char *name, ic_time *time) {
    const char *text = ic_json_string(request, name);
    return !text || ic_time_parse(text, time) || export_refuse(x, "expected an ISO 8601 date in ", name);
}

static bool export_check_request(ic_exchange *x) {
    const char *format = ic_json_string(x->body, "exportFormat");
    ic_time start = INT64_MIN, end = INT64_MAX;
    const struct export_type *type = export_type_of(x->body);
    if (!ic_exchange_check_names(x)) return false;
    if (!type) return export_refuse(x, "unknown exportType: ", ic_json_string(x->body, "exportType"));
    if (format && !ic_is_choice("CSV JSON", format))
        return export_refuse(x, "unknown exportFormat: ", format);
    if (!export_read_date(x, x->body, "startDate", &start) || !export_read_date(x, x->body, "endDate", &end))
        return false;
    if (start > end) return export_refuse(x, "startDate is after endDate", "");
    return export_check_configs(x, type);
}

/* --- jobs --- */

/* An attribute that no design has makes the export fail only when it runs. */
static bool export_can_be_made(const ic_company *company, const ic_job *job) {
    const cJSON *configs = ic_json_member(job->request, "exportConfigs"), *name;
    cJSON_ArrayForEach(name, ic_json_member(configs, "metadataProperties")) {
        size_t i = 0;
        while (i < company->templates.count &&
               !ic_json_member(((const ic_template *)company->templates.items[i])->form, name->valuestring))
            i++;
        if (i == company->templates.count) return false;
    }
    return true;
}

/* A job is pending for the first third of its time. Static. */
static const char *export_status_of(const ic_company *company, const ic_job *job) {
    if (ic_job_is_over(company, job)) return export_can_be_made(company, job) ? "done" : "failed";
    return (ic_company_now(company) - job->started) * 3 < job->ended - job->started ? "pending" : "running";
}

static void export_reply_job(ic_exchange *x, const ic_job *job, const char *status) {
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "jobId", job->id);
    ic_put_text(answer, "jobStatus", status);
    ic_reply_json(x, 200, answer);
}

void ic_exports_create(ic_exchange *x) {
    if (!export_check_request(x)) return;
    const ic_job *job = ic_job_start(x->company, IC_JOB_EXPORT, x->body);
    x->body = NULL;
    if (job)
        export_reply_job(x, job, "pending"); /* even when jobs take no time */
    else
        ic_reply_no_memory(x);
}

static ic_job *export_find_job(ic_exchange *x) {
    ic_job *job = ic_job_find(x->company, IC_JOB_EXPORT, x->values[0]);
    if (!job) export_refuse(x, "Could not retrieve job status. Please verify the job id and try again.", "");
    return job;
}

void ic_exports_get(ic_exchange *x) {
    const ic_job *job = export_find_job(x);
    if (job) export_reply_job(x, job, export_status_of(x->company, job));
}

/* --- the file --- */

static bool export_is_json(const ic_job *job) {
    const char *format = ic_json_string(job->request, "exportFormat");
    return format && strcmp(format, "JSON") == 0;
}

/* The report up to the end of the job. NULL: no memory, or no space on the disk. */
static ic_blob *export_make_file(ic_exchange *x, const ic_job *job) {
    const struct export_type *type = export_type_of(job->request);
    ic_time start = INT64_MIN, end = INT64_MAX;
    ic_report report;
    export_read_date(x, job->request, "startDate", &start); /* checked when the job was created */
    export_read_date(x, job->request, "endDate", &end);
    ic_report_begin(&report, export_is_json(job), x->company->spool, type->columns);
    type->make(x->company, ic_json_member(job->request, "exportConfigs"), start,
               end < job->ended ? end : job->ended, &report);
    return ic_report_end(&report);
}

/* Makes the file and its name. false: no memory, or no space on the disk. */
static bool export_keep_file(ic_exchange *x, ic_job *job) {
    ic_buf name = {0};
    ic_buf_printf(&name, "%s_%.10s.%s", export_type_of(job->request)->name, ic_time_print(job->ended).text,
                  export_is_json(job) ? "json" : "csv");
    job->filename = ic_buf_take(&name, NULL);
    ic_buf_free(&name);
    job->file = job->filename ? export_make_file(x, job) : NULL;
    return job->file != NULL;
}

static void export_reply_link(ic_exchange *x, const ic_job *job) {
    ic_time expires = ic_company_now(x->company) + (ic_time)IC_LINK_SECONDS * 1000;
    char *url = ic_storage_link(x->company, IC_EXPORT_FILES, job->id, job->filename, expires);
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "signedUrl", url);
    ic_free(url);
    ic_reply_json(x, 200, answer);
}

void ic_exports_download(ic_exchange *x) {
    ic_job *job = export_find_job(x);
    if (!job) return;
    const char *status = export_status_of(x->company, job);
    if (strcmp(status, "done") != 0) {
        export_refuse(x, "There is no file to download: the job is ", status);
        return;
    }
    if (!job->file && !export_keep_file(x, job)) {
        ic_reply_error(x, 500, "SERVER_ERROR", NULL, "the sandbox cannot write the export");
    } else if (cJSON_IsTrue(ic_json_member(job->request, "signedUrlEnabled"))) {
        export_reply_link(x, job);
    } else {
        ic_reply_download(x, job->file, export_is_json(job) ? "application/json" : "text/csv", job->filename);
    }
}

ic_stored_file ic_export_file(const ic_company *company, const char *job_id, const char *filename) {
    const ic_job *job = ic_job_find(company, IC_JOB_EXPORT, job_id);
    (void)filename;
    return job && job->file ? (ic_stored_file){job->file, job->filename, NULL} : (ic_stored_file){0};
}
