/* Work that Ironclad does in the background: download links in bulk, exports. Here nothing runs in the
 * background: a job ends at its time, and its result is made when it is first requested. */
#ifndef IC_SANDBOX_JOBS_H
#define IC_SANDBOX_JOBS_H

#include "sandbox/company/company.h"

typedef enum ic_job_kind { IC_JOB_DOWNLOAD_URLS, IC_JOB_EXPORT } ic_job_kind;

typedef struct ic_job {
    ic_uuid id;
    ic_job_kind kind;
    ic_time started, ended; /* ended: may be in the future */
    cJSON *request;         /* the body of the request; owned */
    ic_blob *file;          /* of an export, once made; held */
    char *filename;         /* likewise; owned */
} ic_job;

#define IC_JOBS_MAX 1000 /* beyond it the oldest are removed */

/* Starts a job that ends after company->job_seconds. Takes ownership of `request`, also when it fails. NULL:
 * no memory. */
ic_job *ic_job_start(ic_company *company, ic_job_kind kind, cJSON *request);
/* NULL: not found. */
ic_job *ic_job_find(const ic_company *company, ic_job_kind kind, const char *id);
bool ic_job_is_over(const ic_company *company, const ic_job *job);
void ic_jobs_free(ic_company *company);

#endif
