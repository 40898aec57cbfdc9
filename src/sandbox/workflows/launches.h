/* Asynchronous launches. A launch is checked at once, and takes effect after company->job_seconds. */
#ifndef IC_SANDBOX_LAUNCHES_H
#define IC_SANDBOX_LAUNCHES_H

#include "sandbox/company/company.h"

/* Completes the launches that are due. */
void ic_launches_settle(ic_company *company);
void ic_launches_free(ic_company *company);

#endif
