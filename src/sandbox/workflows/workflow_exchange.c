#include "sandbox/workflows/workflow_exchange.h"
#include <string.h>

ic_workflow *ic_exchange_workflow(ic_exchange *x, unsigned status, bool any_id) {
    ic_workflow *workflow = ic_company_workflow(x->company, x->values[0]);
    if (workflow && (any_id || strcmp(workflow->id, x->values[0]) == 0)) return workflow;
    ic_reply_error(x, status, "NOT_FOUND", "workflowId", "workflow does not exist");
    return NULL;
}
