/* A launch of a workflow. */
#ifndef IC_SANDBOX_LAUNCH_H
#define IC_SANDBOX_LAUNCH_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* The workflow that a request launches, complete but not yet in the company. NULL: answered with an error. */
ic_workflow *ic_workflow_prepare(ic_exchange *x);
/* Adds the workflow to the company as of `time`, and asks its approvers. false: no memory, and the caller
 * keeps it. */
bool ic_workflow_begin(ic_company *company, ic_workflow *workflow, ic_time time);

#endif
