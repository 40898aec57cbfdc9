#include "sandbox/company/jobs.h"
#include "core/base/alloc.h"
#include <string.h>

static void job_free(ic_job *job) {
    cJSON_Delete(job->request);
    ic_blob_release(job->file);
    ic_free(job->filename);
    ic_free(job);
}

ic_job *ic_job_start(ic_company *company, ic_job_kind kind, cJSON *request) {
    ic_job *job = ic_calloc(1, sizeof *job);
    if (!job) {
        cJSON_Delete(request);
        return NULL;
    }
    *job = (ic_job){.kind = kind, .request = request, .started = ic_company_now(company)};
    job->ended = job->started + (ic_time)(company->job_seconds * 1000);
    ic_new_uuid(company, job->id);
    if (!request || !ic_array_push(&company->jobs, job)) {
        job_free(job);
        return NULL;
    }
    if (company->jobs.count > IC_JOBS_MAX) IC_ARRAY_FREE_FIRST(&company->jobs, 1, ic_job *, job_free);
    return job;
}

ic_job *ic_job_find(const ic_company *company, ic_job_kind kind, const char *id) {
    for (size_t i = 0; i < company->jobs.count; i++) {
        ic_job *job = company->jobs.items[i];
        if (job->kind == kind && strcmp(job->id, id) == 0) return job;
    }
    return NULL;
}

bool ic_job_is_over(const ic_company *company, const ic_job *job) {
    return ic_company_now(company) >= job->ended;
}

void ic_jobs_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->jobs, ic_job *, job_free);
}
