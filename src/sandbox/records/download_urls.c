/* Download links for the signed copies of many records at once. */
#include "core/base/alloc.h"
#include "sandbox/company/jobs.h"
#include "sandbox/http/storage.h"
#include "sandbox/records/attachment.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record_attachments.h"
#include <string.h>

#define IDENTIFIERS_MAX 100

/* --- the request --- */

static bool download_urls_refuse(ic_exchange *x, const char *param, const char *message) {
    ic_reply_error(x, 400, "INVALID_PARAM", param, "%s", message);
    return false;
}

static bool download_urls_check_request(ic_exchange *x) {
    const cJSON *identifiers = ic_json_member(x->body, "identifiers"), *identifier;
    if (strcmp(ic_json_string(x->body, "type"), "latestSignedCopy") != 0)
        return download_urls_refuse(x, "type", "invalid type; value must be one of [latestSignedCopy]");
    if (cJSON_GetArraySize(identifiers) < 1 || cJSON_GetArraySize(identifiers) > IDENTIFIERS_MAX)
        return download_urls_refuse(x, "identifiers", "expected 1 to 100 identifiers");
    cJSON_ArrayForEach(identifier, identifiers) {
        if (!cJSON_IsString(identifier))
            return download_urls_refuse(x, "identifiers", "expected an array of strings");
    }
    return true;
}

static cJSON *download_urls_job_view(const ic_company *company, const ic_job *job) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "jobId", job->id);
    ic_put_text(view, "status", ic_job_is_over(company, job) ? "complete" : "processing");
    return view;
}

void ic_download_urls_create(ic_exchange *x) {
    if (!download_urls_check_request(x)) return;
    const ic_job *job = ic_job_start(x->company, IC_JOB_DOWNLOAD_URLS, x->body);
    x->body = NULL;
    if (!job) {
        ic_reply_no_memory(x);
        return;
    }
    cJSON *answer = download_urls_job_view(x->company, job);
    ic_set(answer, "status", cJSON_CreateString("processing")); /* even when jobs take no time */
    ic_reply_json(x, 202, answer);
}

/* --- the result --- */

static void download_urls_add_failure(cJSON *failed, const char *identifier, const ic_record *record) {
    cJSON *view = ic_append(failed, cJSON_CreateObject());
    ic_put_text(view, "identifier", identifier);
    if (record) {
        ic_put_text(view, "ironcladId", record->readable);
        ic_put_text(view, "recordId", record->id);
    }
    ic_put_text(view, "errorCode", record ? "NO_ATTACHMENT_FOUND" : "RECORD_NOT_FOUND");
    ic_put_text(view, "errorMessage", record ? "No signed copy found" : "Record not found");
}

static void download_urls_add_link(const ic_company *company, cJSON *succeeded, const char *identifier,
                                   const ic_record *record, ic_attachment *attachment, ic_time expires) {
    char *url = ic_storage_link(company, IC_ATTACHMENT_FILES, record->id, attachment->id, expires);
    const char *hash = ic_attachment_hash(attachment);
    cJSON *view = ic_append(succeeded, cJSON_CreateObject());
    ic_put_text(view, "identifier", identifier);
    ic_put_text(view, "ironcladId", record->readable);
    ic_put_text(view, "recordId", record->id);
    ic_put_text(view, "downloadUrl", url);
    ic_put_text(view, "filename", attachment->filename);
    ic_put_text(view, "fileKey", attachment->key);
    ic_put_text(view, "fileId", attachment->id);
    ic_put_text(view, "fileHash", hash);
    ic_put_text(view, "expiration", ic_time_print(expires).text);
    ic_free(url);
}

static void download_urls_add_results(const ic_company *company, cJSON *answer, const ic_job *job) {
    cJSON *succeeded = ic_put(answer, "succeeded", cJSON_CreateArray());
    cJSON *failed = ic_put(answer, "failed", cJSON_CreateArray());
    ic_time expires = job->ended + (ic_time)IC_LINK_SECONDS * 1000;
    const cJSON *identifier;
    cJSON_ArrayForEach(identifier, ic_json_member(job->request, "identifiers")) {
        const ic_record *record = ic_company_record(company, identifier->valuestring);
        ic_attachment *attachment = record ? ic_record_signed_copy(record) : NULL;
        if (attachment)
            download_urls_add_link(company, succeeded, identifier->valuestring, record, attachment, expires);
        else
            download_urls_add_failure(failed, identifier->valuestring, record);
    }
}

void ic_download_urls_get(ic_exchange *x) {
    const ic_job *job = ic_job_find(x->company, IC_JOB_DOWNLOAD_URLS, x->values[0]);
    if (!job) {
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "couldn't find a job matching the id %s", x->values[0]);
        return;
    }
    cJSON *answer = download_urls_job_view(x->company, job);
    if (ic_job_is_over(x->company, job)) download_urls_add_results(x->company, answer, job);
    ic_reply_json(x, 200, answer);
}
