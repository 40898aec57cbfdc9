/* The Sign step of a workflow. */
#ifndef IC_SANDBOX_SIGNING_H
#define IC_SANDBOX_SIGNING_H

#include "sandbox/workflows/workflow.h"

/* Gives the workflow a new packet, not sent, instead of its current one. false: no memory. */
bool ic_packet_begin(ic_workflow *workflow);
/* not_sent, sent, action_required or complete; static. */
const char *ic_packet_status(const ic_workflow *workflow);

/* Sends the packet to those who sign first. Its status must be not_sent. false: no memory. */
bool ic_packet_send(ic_company *company, ic_workflow *workflow, const ic_user *user, ic_time time);
/* Withdraws the packet. Electronic signatures no longer count. false: no memory. */
bool ic_packet_withdraw(ic_workflow *workflow, const ic_user *user, ic_time time);
/* After a signature: the next signer is asked, or the Archive step begins. false: no memory. */
bool ic_packet_proceed(ic_company *company, ic_workflow *workflow, ic_time time);
/* A signer views, signs or declines a packet that has been sent. Returns NULL, or why that is impossible
 * (static; "": no memory). */
const char *ic_packet_sign(ic_company *company, ic_workflow *workflow, ic_signer *signer,
                           ic_signature signature);

/* Moves an approved workflow to the Sign step. false: no memory. */
bool ic_workflow_sign(ic_company *company, ic_workflow *workflow);

#endif
