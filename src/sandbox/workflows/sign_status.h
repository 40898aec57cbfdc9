/* What the operations of the Sign step share. */
#ifndef IC_SANDBOX_SIGN_STATUS_H
#define IC_SANDBOX_SIGN_STATUS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/signing.h"

/* The workflow that the path names, active and in the Sign step; NULL: it is not, and it is answered. */
ic_workflow *ic_exchange_signing(ic_exchange *x, bool any_id);
/* The signer that the path names by role; NULL: there is none, and it is answered. */
ic_signer *ic_exchange_signer(ic_exchange *x, const ic_workflow *workflow);
void ic_reply_invalid_state(ic_exchange *x, const char *message);
/* Tells the acting user's reason among the comments. false: answered; it is empty, or there is no memory. */
bool ic_exchange_give_reason(ic_exchange *x, ic_workflow *workflow);
/* The sign status, or 500 when a change before it has failed for want of memory. */
void ic_reply_sign_status(ic_exchange *x, const ic_workflow *workflow, bool done);
/* A signer as the sign status shows it: SignerModel. */
cJSON *ic_signer_view(const ic_packet *packet, size_t index);
/* All signers as the list of signatures shows them, with the workflow: {workflowId, title, signers}. */
cJSON *ic_signatures_view(const ic_workflow *workflow);

#endif
