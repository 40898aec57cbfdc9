/* The webhook events of workflows. */
#ifndef IC_SANDBOX_WORKFLOW_EVENTS_H
#define IC_SANDBOX_WORKFLOW_EVENTS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Emits an event of the workflow to the webhooks. `name` is static. */
void ic_workflow_event(ic_company *company, const char *name, const ic_workflow *workflow);
/* The same for the event, if any, that an operation causes, after it has been answered. */
void ic_workflow_events_note(const ic_exchange *x);

#endif
