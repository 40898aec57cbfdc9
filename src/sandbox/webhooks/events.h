/* The events that webhooks receive. Nothing is sent: deliveries are stored, and signed when they are
 * requested. */
#ifndef IC_SANDBOX_EVENTS_H
#define IC_SANDBOX_EVENTS_H

#include "sandbox/company/company.h"

#define IC_DELIVERIES_MAX 10000 /* beyond it the older half is removed */

typedef struct ic_event {
    const char *name;                /* as in the webhook documents; static */
    const char *workflow, *template; /* ids */
} ic_event;

/* Makes a delivery to each enabled webhook that wants the event. Without memory, none is made. */
void ic_event_emit(ic_company *company, const ic_event *event);

/* The deliveries, oldest first, as an array. NULL or spoiled (build.h) without memory. */
cJSON *ic_deliveries_view(ic_company *company);
void ic_deliveries_clear(ic_company *company);

#endif
