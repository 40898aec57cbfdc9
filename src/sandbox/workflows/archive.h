/* The end of the Archive step, and all else that is due by the company's clock. */
#ifndef IC_SANDBOX_ARCHIVE_H
#define IC_SANDBOX_ARCHIVE_H

#include "sandbox/company/company.h"

/* Does everything that is due by the company's clock: sends scheduled packets, completes archived workflows,
 * asynchronous launches and predictions. */
void ic_company_settle(ic_company *company);

#endif
