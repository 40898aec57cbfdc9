/* The files that exports have made. */
#ifndef IC_SANDBOX_EXPORTS_H
#define IC_SANDBOX_EXPORTS_H

#include "sandbox/http/storage.h"

/* Exports behind signed links, by the id of their job. */
#define IC_EXPORT_FILES "exports"
ic_stored_file ic_export_file(const ic_company *company, const char *job_id, const char *filename);

#endif
