/* The workflow that a request is about. */
#ifndef IC_SANDBOX_WORKFLOW_EXCHANGE_H
#define IC_SANDBOX_WORKFLOW_EXCHANGE_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* The workflow that the path names by id, or with `any_id` also by readable id; NULL: answered with the
 * status. */
ic_workflow *ic_exchange_workflow(ic_exchange *x, unsigned status, bool any_id);

#endif
