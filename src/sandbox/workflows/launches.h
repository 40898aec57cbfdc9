/* Launches in the background: decided at once, there after company->job_seconds. */
#ifndef IC_SANDBOX_LAUNCHES_H
#define IC_SANDBOX_LAUNCHES_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* The workflow that a request asks for, with all that it says, not yet in the company; NULL: answered. */
ic_workflow *ic_workflow_prepare(ic_exchange *x);
/* It is there from that time on: its approvers are asked. false: no memory, and it is still the caller's. */
bool ic_workflow_begin(ic_company *company, ic_workflow *workflow, ic_time time);

/* Brings what is due into the company. */
void ic_launches_settle(ic_company *company);
void ic_launches_free(ic_company *company);

#endif
