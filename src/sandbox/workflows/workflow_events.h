/* The webhook events of workflows. */
#ifndef IC_SANDBOX_WORKFLOW_EVENTS_H
#define IC_SANDBOX_WORKFLOW_EVENTS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Emits an event of the workflow to the webhooks, with the ids of the workflow and its design. */
void ic_workflow_event(ic_company *company, const char *name, const ic_workflow *workflow);
/* Emits workflow_approval_status_changed, after a decision on one of the design's reviews. */
void ic_workflow_approval_event(ic_company *company, const ic_workflow *workflow, size_t review,
                                const ic_user *user);
/* Emits the events, if any, that an operation causes, after it has been answered. */
void ic_workflow_events_note(const ic_exchange *x);

#endif
