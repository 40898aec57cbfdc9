/* The outbox, as controls show it. */
#ifndef IC_SANDBOX_OUTBOX_VIEW_H
#define IC_SANDBOX_OUTBOX_VIEW_H

#include "sandbox/company/company.h"

/* The deliveries as an array. NULL or spoiled (build.h) when out of memory. */
cJSON *ic_outbox_view(ic_company *company);
/* How many there are in each state, whether all that is due has been sent, and when the next retry is due. */
cJSON *ic_outbox_status(ic_company *company);

#endif
