/* What webhooks are told of. Nothing is sent: the deliveries are kept, signed when they are asked for. */
#ifndef IC_SANDBOX_EVENTS_H
#define IC_SANDBOX_EVENTS_H

#include "sandbox/http/exchange.h"

#define IC_DELIVERIES_MAX 10000 /* the oldest are forgotten beyond */

/* Makes a delivery to each enabled webhook that wants the event (one of the webhook documents; static). What
 * there is no memory for is not told. */
void ic_event(ic_company *company, const char *event, const ic_workflow *workflow);
/* The event that an operation means, once it has been answered. */
void ic_events_note(const ic_exchange *x);
void ic_events_free(ic_company *company);

#endif
