/* The Sign step: the packet is made, sent and signed. */
#include "sandbox/workflows/signing.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "sandbox/workflows/archive_begin.h"
#include "sandbox/workflows/pdf.h"
#include "sandbox/workflows/turns.h"
#include "sandbox/workflows/workflow_events.h"
#include <ctype.h>
#include <string.h>

/* --- signers --- */

/* If the form does not name the counterparty's signer, a person at Ironclad's customer would. Here it is
 * someone with an e-mail address made from the counterparty's name. */
static char *signing_invent_email(const char *name) {
    ic_buf email = {0};
    ic_buf_puts(&email, "signer@");
    size_t before = email.length;
    for (; *name; name++)
        if (isalnum((unsigned char)*name)) ic_buf_putc(&email, (char)tolower((unsigned char)*name));
    ic_buf_puts(&email, email.length > before ? ".example" : "counterparty.example");
    char *text = ic_buf_take(&email, NULL);
    ic_buf_free(&email);
    return text;
}

static const char *signing_attribute_text(const ic_workflow *workflow, const char *name) {
    return name ? ic_json_string(workflow->attributes, name) : NULL;
}

static bool signing_identify_signer(ic_signer *signer, const ic_signer_design *design,
                                    const ic_workflow *workflow) {
    if (design->user)
        return ic_signer_set(signer, design->user->display_name, design->user->email, design->user);
    const char *name = signing_attribute_text(workflow, design->name_attribute),
               *email = signing_attribute_text(workflow, design->email_attribute);
    if (!name) name = design->role_name;
    char *made_up = email ? NULL : signing_invent_email(name);
    bool done = (email || made_up) && ic_signer_set(signer, name, email ? email : made_up, NULL);
    ic_free(made_up);
    return done;
}

static bool signing_add_signer(ic_packet *packet, const ic_signer_design *design,
                               const ic_workflow *workflow) {
    ic_signer *signer = ic_calloc(1, sizeof *signer);
    if (!signer) return false;
    signer->role_name = ic_strdup(design->role_name);
    if (signer->role_name && signing_identify_signer(signer, design, workflow) &&
        ic_array_push(&packet->signers, signer))
        return true;
    ic_signer_free(signer);
    return false;
}

/* --- the packet --- */

bool ic_packet_begin(ic_workflow *workflow) {
    static const ic_signing_design nobody = {.provider = "None"};
    const ic_signing_design *design = workflow->template->signing ? workflow->template->signing : &nobody;
    ic_packet *packet = ic_calloc(1, sizeof *packet);
    if (!packet) return false;
    packet->design = design;
    packet->notify_at = packet->archive_at = IC_TIME_NONE;
    for (size_t i = 0; i < design->signer_count; i++) {
        if (signing_add_signer(packet, &design->signers[i], workflow)) continue;
        ic_packet_free(packet);
        return false;
    }
    ic_packet_free(workflow->packet);
    workflow->packet = packet;
    return true;
}

bool ic_workflow_sign(ic_company *company, ic_workflow *workflow) {
    if (!ic_packet_begin(workflow)) return false;
    workflow->step = IC_STEP_SIGN;
    workflow->updated = ic_company_now(company);
    ic_workflow_event(company, "workflow_step_updated", workflow);
    return true;
}

static bool signing_has_contract(const ic_workflow *workflow) {
    for (size_t i = 0; i < workflow->documents.count; i++)
        if (((const ic_document *)workflow->documents.items[i])->packet_place) return true;
    return false;
}

const char *ic_packet_status(const ic_workflow *workflow) {
    const ic_packet *packet = workflow->packet;
    if (ic_packet_is_signed(packet)) return "complete";
    if (packet->sent) return "sent";
    return packet->signers.count && signing_has_contract(workflow) ? "not_sent" : "action_required";
}

/* Asks those who sign next: the first who has not signed, or all of them. */
static void signing_ask_signers(const ic_packet *packet, ic_time time) {
    for (size_t i = 0; i < packet->signers.count; i++) {
        ic_signer *signer = packet->signers.items[i];
        if (signer->signature == IC_SIGNATURE_SIGNED) continue;
        if (signer->signature == IC_SIGNATURE_PENDING) {
            signer->signature = IC_SIGNATURE_SENT;
            signer->changed = time;
        }
        if (packet->design->sequential) return;
    }
}

/* Adds the document that the signers get. false: no memory. */
static bool signing_add_sent(ic_company *company, ic_workflow *workflow, ic_time time) {
    ic_buf name = {0};
    ic_buf_printf(&name, "%s.pdf", workflow->title ? workflow->title : "Packet");
    const char *filename = ic_buf_text(&name);
    ic_blob *bytes = filename ? ic_pdf_make(filename) : NULL;
    bool added =
        bytes && ic_workflow_add_document(company, workflow, IC_SENT_PACKET, filename, bytes, NULL, time);
    ic_buf_free(&name);
    return added;
}

bool ic_packet_send(ic_company *company, ic_workflow *workflow, const ic_user *user, ic_time time) {
    if (!ic_turn_begin(workflow, true, "sent for signature", user, time) ||
        !signing_add_sent(company, workflow, time))
        return false;
    workflow->packet->sent = true;
    workflow->packet->notify_at = IC_TIME_NONE;
    workflow->updated = time;
    signing_ask_signers(workflow->packet, time);
    return true;
}

bool ic_packet_withdraw(ic_workflow *workflow, const ic_user *user, ic_time time) {
    ic_packet *packet = workflow->packet;
    if (!ic_turn_begin(workflow, false, "signature request cancelled", user, time)) return false;
    packet->sent = false;
    workflow->updated = time;
    for (size_t i = 0; i < packet->signers.count; i++) {
        ic_signer *signer = packet->signers.items[i];
        signer->reminded = IC_TIME_NONE;
        if (!signer->wet) signer->signature = IC_SIGNATURE_PENDING;
    }
    return true;
}

bool ic_packet_proceed(ic_company *company, ic_workflow *workflow, ic_time time) {
    workflow->updated = time;
    if (ic_packet_is_signed(workflow->packet)) return ic_workflow_archive(company, workflow, time);
    if (workflow->packet->sent) signing_ask_signers(workflow->packet, time);
    return true;
}

/* Emits the events of a signer's action to the webhooks. */
static void signing_emit_event(ic_company *company, const ic_workflow *workflow, ic_signature before,
                               ic_signature now) {
    if (now == IC_SIGNATURE_SIGNED)
        ic_workflow_event(company, "workflow_signature_packet_signatures_collected", workflow);
    if (now != IC_SIGNATURE_VIEWED) return;
    if (before != now) ic_workflow_event(company, "workflow_signature_packet_signer_first_viewed", workflow);
    ic_workflow_event(company, "workflow_signature_packet_signer_viewed", workflow);
}

const char *ic_packet_sign(ic_company *company, ic_workflow *workflow, ic_signer *signer,
                           ic_signature signature) {
    if (!workflow->packet->sent) return "the packet has not been sent for signature";
    if (signer->signature == IC_SIGNATURE_SIGNED) return "this signer has signed already";
    if (signer->signature == IC_SIGNATURE_DECLINED) return "this signer has declined";
    if (signer->signature == IC_SIGNATURE_PENDING) return "it is not this signer's turn";
    signing_emit_event(company, workflow, signer->signature, signature);
    signer->signature = signature;
    signer->changed = ic_company_now(company);
    return ic_packet_proceed(company, workflow, signer->changed) ? NULL : "";
}
