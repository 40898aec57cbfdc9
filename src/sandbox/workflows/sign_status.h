/* What the operations of the Sign step share. */
#ifndef IC_SANDBOX_SIGN_STATUS_H
#define IC_SANDBOX_SIGN_STATUS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* The workflow that the path names, which must be active and in the Sign step; NULL: answered with an error.
 */
ic_workflow *ic_exchange_signing(ic_exchange *x, bool any_id);
/* The signer whose role the path names; NULL: answered with an error. */
ic_signer *ic_exchange_signer(ic_exchange *x, const ic_workflow *workflow);
void ic_reply_invalid_state(ic_exchange *x, const char *message);
/* Adds the acting user's reason as a comment. false: answered with an error: it is empty, or no memory. */
bool ic_exchange_give_reason(ic_exchange *x, ic_workflow *workflow);
/* Answers the sign status, or 500 when `done` is false: a change failed because memory ran out. */
void ic_reply_sign_status(ic_exchange *x, const ic_workflow *workflow, bool done);
/* A signer as the sign status shows it: SignerModel. */
cJSON *ic_signer_view(const ic_packet *packet, size_t index);
/* {workflowId, title, signers}, as the list of signatures shows it. */
cJSON *ic_signatures_view(const ic_workflow *workflow);

#endif
