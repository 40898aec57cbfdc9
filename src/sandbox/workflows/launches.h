/* Asynchronous launches. A launch is checked at once, and takes effect after company->job_seconds. */
#ifndef IC_SANDBOX_LAUNCHES_H
#define IC_SANDBOX_LAUNCHES_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* The workflow that a request launches, complete but not yet in the company. NULL: answered with an error. */
ic_workflow *ic_workflow_prepare(ic_exchange *x);
/* Adds the workflow to the company as of `time`, and asks its approvers. false: no memory, and the caller
 * keeps it. */
bool ic_workflow_begin(ic_company *company, ic_workflow *workflow, ic_time time);

/* Completes the launches that are due. */
void ic_launches_settle(ic_company *company);
void ic_launches_free(ic_company *company);

#endif
