/* The signers of a packet: replace, remove, remind. */
#include "sandbox/base/values.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/sign_status.h"
#include "sandbox/workflows/signing.h"
#include <string.h>

#define REMINDER_INTERVAL ((ic_time)60 * 60 * 1000)

/* With Adobe Sign a packet is one agreement: it cannot be changed after it is sent, and a reminder goes to
 * everyone. */
static bool signer_is_adobe(const ic_packet *packet) {
    return strcmp(packet->design->provider, "Adobe Sign") == 0;
}

/* --- update --- */

static bool signer_refuse(ic_exchange *x, const char *code, const char *param, const char *message) {
    ic_reply_error(x, 400, code, param, "%s", message);
    return false;
}

static bool signer_set_internal(ic_exchange *x, ic_signer *signer, const cJSON *assigned) {
    const char *id = ic_json_string(assigned, "userId");
    if (!id)
        return signer_refuse(x, "MISSING_PARAM", "assigned.userId", "missing required parameter 'userId'");
    ic_user *user = ic_company_user(x->company, id);
    if (!user || strcmp(user->id, id) != 0)
        return signer_refuse(x, "INVALID_PARAM", "assigned.userId", "no such user in this company");
    if (ic_signer_set(signer, user->display_name, user->email, user)) return true;
    ic_reply_no_memory(x);
    return false;
}

static bool signer_set_external(ic_exchange *x, ic_signer *signer, const cJSON *assigned) {
    const char *name = ic_json_string(assigned, "name");
    const cJSON *email = ic_json_member(assigned, "email");
    if (!email)
        return signer_refuse(x, "MISSING_PARAM", "assigned.email", "missing required parameter 'email'");
    if (!name) return signer_refuse(x, "MISSING_PARAM", "assigned.name", "missing required parameter 'name'");
    if (!ic_value_fits("email", email))
        return signer_refuse(x, "INVALID_PARAM", "assigned.email", "this is not an e-mail address");
    if (ic_signer_set(signer, name, email->valuestring, NULL)) return true;
    ic_reply_no_memory(x);
    return false;
}

static bool signer_assign(ic_exchange *x, ic_signer *signer) {
    const cJSON *assigned = ic_json_member(x->body, "assigned");
    const char *type = ic_json_string(assigned, "type");
    if (type && strcmp(type, "internal") == 0) return signer_set_internal(x, signer, assigned);
    if (type && strcmp(type, "external") == 0) return signer_set_external(x, signer, assigned);
    return signer_refuse(x, "INVALID_PARAM", "assigned.type",
                         "assigned.type must be one of [internal, external]");
}

static size_t signer_place(const ic_packet *packet, const ic_signer *signer) {
    size_t i = 0;
    while (packet->signers.items[i] != signer)
        i++;
    return i;
}

static void signer_replace(ic_exchange *x, ic_workflow *workflow, ic_signer *signer) {
    ic_packet *packet = workflow->packet;
    if (!signer_assign(x, signer) || !ic_exchange_give_reason(x, workflow)) return;
    workflow->updated = ic_company_now(x->company);
    if (signer->signature != IC_SIGNATURE_PENDING) signer->signature = IC_SIGNATURE_SENT;
    if (packet->sent && signer_is_adobe(packet) && !ic_packet_withdraw(workflow, x->user, workflow->updated))
        ic_reply_no_memory(x);
    else
        ic_reply_json(x, 200, ic_signer_view(packet, signer_place(packet, signer)));
}

void ic_signers_update(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    ic_signer *signer = workflow ? ic_exchange_signer(x, workflow) : NULL;
    if (!signer) return;
    if (signer->signature == IC_SIGNATURE_SIGNED)
        ic_reply_invalid_state(x, "A signer who has signed cannot be updated.");
    else if (!*ic_json_string(x->body, "reason"))
        signer_refuse(x, "INVALID_PARAM", "reason", "the reason is empty");
    else
        signer_replace(x, workflow, signer);
}

/* --- delete --- */

void ic_signers_delete(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    ic_signer *signer = workflow ? ic_exchange_signer(x, workflow) : NULL;
    if (!signer) return;
    ic_time now = ic_company_now(x->company);
    if (workflow->packet->sent && !ic_packet_withdraw(workflow, x->user, now)) {
        ic_reply_no_memory(x);
        return;
    }
    ic_packet_remove(workflow->packet, signer);
    if (ic_packet_proceed(x->company, workflow, now)) /* the remaining signers may have signed on paper */
        ic_reply_nothing(x);
    else
        ic_reply_no_memory(x);
}

/* --- remind --- */

static bool signer_is_asked(const ic_signer *signer) {
    return signer->signature == IC_SIGNATURE_SENT || signer->signature == IC_SIGNATURE_VIEWED;
}

static void signer_remind(const ic_packet *packet, ic_signer *wanted, ic_time now) {
    for (size_t i = 0; i < packet->signers.count; i++) {
        ic_signer *signer = packet->signers.items[i];
        if (signer == wanted || (signer_is_adobe(packet) && signer_is_asked(signer))) signer->reminded = now;
    }
}

void ic_signers_remind(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, true);
    ic_signer *signer = workflow ? ic_exchange_signer(x, workflow) : NULL;
    if (!signer) return;
    ic_time now = ic_company_now(x->company);
    if (!workflow->packet->sent) {
        ic_reply_invalid_state(x, "The signature request has not been sent.");
    } else if (!signer_is_asked(signer)) {
        ic_reply_invalid_state(x, "This signer is not asked to sign now.");
    } else if (signer->reminded != IC_TIME_NONE && now - signer->reminded < REMINDER_INTERVAL) {
        ic_reply_error(x, 429, "TOO_MANY_REQUESTS", NULL,
                       "You cannot remind the signer at this time (you can only send one reminder per hour). "
                       "Please try again later.");
    } else {
        signer_remind(workflow->packet, signer, now);
        ic_reply_nothing(x);
    }
}
