/* The sign status of a workflow; sending and cancelling its packet. */
#include "sandbox/workflows/sign_status.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/signing.h"
#include "sandbox/workflows/workflow_exchange.h"
#include <string.h>

/* --- what it looks like: SignStatusModel --- */

/* Live answers count from 0. A signer who signed on paper has -1. */
static int sign_routing_order(const ic_packet *packet, size_t index) {
    const ic_signer *signer = packet->signers.items[index];
    return signer->wet ? -1 : packet->design->sequential ? (int)index : 0;
}

static const char *sign_routing(const ic_packet *packet) {
    return packet->design->sequential ? "sequential" : "parallel";
}

cJSON *ic_signer_view(const ic_packet *packet, size_t index) {
    const ic_signer *signer = packet->signers.items[index];
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "name", signer->name);
    ic_put_text(view, "email", signer->email);
    ic_put_text(view, "roleName", signer->role_name);
    ic_put_text(view, "status", ic_signature_names[signer->signature]);
    ic_put_bool(view, "isWetSigned", signer->wet);
    ic_put_number(view, "routingOrder", sign_routing_order(packet, index));
    ic_put_text(view, "type", signer->user ? "internal" : "external");
    if (signer->user) ic_put_text(view, "userId", signer->user->id);
    return view;
}

static cJSON *sign_schedule_view(const ic_packet *packet) {
    const ic_time day = (ic_time)24 * 60 * 60 * 1000;
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "notifyAt", ic_time_print(packet->notify_at).text);
    if (!packet->reminder_days) return view;
    cJSON *reminder = ic_put(view, "reminder", cJSON_CreateObject());
    ic_put_number(reminder, "daysBefore", packet->reminder_days);
    ic_put_text(reminder, "reminderDate",
                ic_time_print(packet->notify_at - packet->reminder_days * day).text);
    return view;
}

static cJSON *sign_status_view(const ic_workflow *workflow) {
    const ic_packet *packet = workflow->packet;
    cJSON *view = cJSON_CreateObject();
    cJSON *signers = ic_put(view, "signers", cJSON_CreateArray());
    for (size_t i = 0; i < packet->signers.count; i++)
        ic_append(signers, ic_signer_view(packet, i));
    ic_put_text(view, "routing", sign_routing(packet));
    ic_put_text(view, "status", ic_packet_status(workflow));
    ic_put_bool(view, "requireSignedDocumentUpload", strcmp(packet->design->provider, "None") == 0);
    ic_put_text(view, "provider", packet->design->provider);
    if (packet->notify_at != IC_TIME_NONE) ic_put(view, "scheduledSend", sign_schedule_view(packet));
    return view;
}

cJSON *ic_signatures_view(const ic_workflow *workflow) {
    const ic_packet *packet = workflow->packet;
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "workflowId", workflow->id);
    ic_put_text(view, "title", workflow->title);
    ic_put_text(view, "routing", sign_routing(packet));
    cJSON *signers = ic_put(view, "signers", cJSON_CreateArray());
    for (size_t i = 0; i < packet->signers.count; i++) {
        const ic_signer *signer = packet->signers.items[i];
        cJSON *shown = ic_append(signers, cJSON_CreateObject());
        ic_put_text(shown, "name", signer->name);
        ic_put_text(shown, "email", signer->email);
        ic_put_text(shown, "roleName", signer->role_name);
        cJSON *status = ic_put(shown, "signatureStatus", cJSON_CreateObject());
        ic_put_text(status, "status", ic_signature_names[signer->signature]);
        ic_put_number(shown, "routingOrder", sign_routing_order(packet, i));
    }
    return view;
}

/* --- what the operations share --- */

void ic_reply_invalid_state(ic_exchange *x, const char *message) {
    ic_reply_error(x, 400, "INVALID_STATE", NULL, "%s", message);
}

ic_workflow *ic_exchange_signing(ic_exchange *x, bool any_id) {
    ic_workflow *workflow = ic_exchange_workflow(x, 404, any_id);
    if (!workflow) return NULL;
    if (workflow->step == IC_STEP_SIGN && workflow->status == IC_STATUS_ACTIVE) return workflow;
    ic_reply_invalid_state(x, "Workflow must be on Sign Step.");
    return NULL;
}

ic_signer *ic_exchange_signer(ic_exchange *x, const ic_workflow *workflow) {
    ic_signer *signer = ic_packet_signer(workflow->packet, x->values[1]);
    if (!signer)
        ic_reply_error(x, 404, "NOT_FOUND", "signerRoleName", "no signer has the role '%s'", x->values[1]);
    return signer;
}

bool ic_exchange_give_reason(ic_exchange *x, ic_workflow *workflow) {
    const char *reason = ic_json_string(x->body, "reason");
    if (!*reason)
        ic_reply_error(x, 400, "INVALID_PARAM", "reason", "the reason is empty");
    else if (ic_workflow_join(workflow, x->user) &&
             ic_workflow_add_comment(x->company, workflow, reason, x->user, ic_company_now(x->company)))
        return true;
    else
        ic_reply_no_memory(x);
    return false;
}

void ic_reply_sign_status(ic_exchange *x, const ic_workflow *workflow, bool done) {
    if (done)
        ic_reply_json(x, 200, sign_status_view(workflow));
    else
        ic_reply_no_memory(x);
}

/* --- get, send, cancel --- */

void ic_sign_status_get(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    if (workflow->step == IC_STEP_SIGN && workflow->packet)
        ic_reply_sign_status(x, workflow, true);
    else
        ic_reply_error(x, 400, "INVALID_STATE", NULL,
                       "This workflow is not at the Sign step, and is currently at the %s step",
                       ic_step_names[workflow->step]);
}

void ic_signatures_list(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 400, true);
    if (!workflow) return;
    if (workflow->packet)
        ic_reply_json(x, 200, ic_signatures_view(workflow));
    else
        ic_reply_error(x, 400, "INVALID_STATE", NULL,
                       "This workflow is not at the Sign step, and is currently at the %s step",
                       ic_step_names[workflow->step]);
}

void ic_sign_status_send(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    if (!workflow) return;
    if (workflow->packet->sent)
        ic_reply_invalid_state(x, "The signature request has been sent already.");
    else if (strcmp(ic_packet_status(workflow), "not_sent") != 0)
        ic_reply_invalid_state(x, "The packet needs signers, and documents with their signature tags.");
    else
        ic_reply_sign_status(x, workflow,
                             ic_packet_send(x->company, workflow, x->user, ic_company_now(x->company)));
}

void ic_sign_status_cancel(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    if (!workflow) return;
    if (!workflow->packet->sent)
        ic_reply_invalid_state(x, "There is no signature request out for signature.");
    else if (ic_exchange_give_reason(x, workflow))
        ic_reply_sign_status(x, workflow, ic_packet_withdraw(workflow, x->user, ic_company_now(x->company)));
}
