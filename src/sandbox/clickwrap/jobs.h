/* The files of Clickwrap's exports, behind signed links. */
#ifndef IC_SANDBOX_CLICKWRAP_JOBS_H
#define IC_SANDBOX_CLICKWRAP_JOBS_H

#include "sandbox/clickwrap/clickwrap.h"
#include "sandbox/http/storage.h"

#define IC_CLICKWRAP_FILES "clickwrap"
ic_stored_file ic_cw_job_file(const ic_company *company, const char *id, const char *name);
void ic_cw_jobs_free(ic_company *company);

#endif
