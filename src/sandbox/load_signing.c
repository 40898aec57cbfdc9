/* The parts of a fixture document that are about signing. */
#include "../core/alloc.h"
#include "lifecycle.h"
#include "loaders.h"
#include "signing.h"
#include <string.h>

/* --- designs --- */

/* SignStatusModel's providers. */
static const char *provider_of(const char *name) {
    static const char *const known[] = {
        "Ironclad Clickwrap",
        "Ironclad Signature",
        "Ironclad Signature (Legacy)",
        "DocuSign",
        "Adobe Sign",
        "DropboxSign",
        "Demo",
        "None",
    };
    for (size_t i = 0; name && i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], name) == 0) return known[i];
    return NULL;
}

static void load_signer(ic_loader *load, ic_signer_design *signer, const cJSON *source) {
    const char *role = ic_json_string(source, "roleName"), *user = ic_json_string(source, "user"),
               *name = ic_json_string(source, "nameFrom"), *email = ic_json_string(source, "emailFrom");
    if (!role) ic_loader_fail(load, "fixtures: a signer needs a roleName");
    if (user) signer->user = ic_loader_user(load, user);
    signer->role_name = ic_strdup(role);
    signer->name_attribute = ic_strdup(name);
    signer->email_attribute = ic_strdup(email);
    if (!role != !signer->role_name || !name != !signer->name_attribute || !email != !signer->email_attribute)
        ic_loader_no_memory(load);
}

void ic_load_signing(ic_loader *load, ic_template *template, const cJSON *source) {
    const char *routing = ic_json_string(source, "routing"), *type = ic_json_string(source, "recordType");
    const cJSON *signers = ic_json_member(source, "signers"), *signer;
    if (!source || load->failed) return;
    ic_signing_design *design = template->signing = ic_calloc(1, sizeof *design);
    if (!design) {
        ic_loader_no_memory(load);
        return;
    }
    design->provider = provider_of(ic_json_string(source, "provider"));
    design->sequential = routing && strcmp(routing, "sequential") == 0;
    design->record_type = type ? ic_world_record_type(load->world, type) : NULL;
    if (!design->provider || (type && !design->record_type) ||
        (!design->sequential && (!routing || strcmp(routing, "parallel") != 0)))
        ic_loader_fail(
            load,
            "fixtures: '%s': signing needs a known provider, routing sequential or parallel, and a "
            "known recordType if any",
            template->name);
    design->signers = ic_calloc((size_t)cJSON_GetArraySize(signers) + 1, sizeof *design->signers);
    if (!design->signers) ic_loader_no_memory(load);
    cJSON_ArrayForEach(signer, signers) {
        if (!load->failed) load_signer(load, &design->signers[design->signer_count++], signer);
    }
}

void ic_signing_design_free(ic_signing_design *design) {
    if (!design) return;
    for (size_t i = 0; i < design->signer_count; i++) {
        ic_free(design->signers[i].role_name);
        ic_free(design->signers[i].name_attribute);
        ic_free(design->signers[i].email_attribute);
    }
    ic_free(design->signers);
    ic_free(design);
}

/* --- packets --- */

/* Sets the state of the signers that a list names. */
static void mark(ic_loader *load, const ic_workflow *workflow, const cJSON *roles, ic_signature signature) {
    const cJSON *role;
    cJSON_ArrayForEach(role, roles) {
        const char *name = cJSON_IsString(role) ? role->valuestring : "(no text)";
        ic_signer *signer = ic_packet_signer(workflow->packet, name);
        if (!signer) {
            ic_loader_fail(load, "fixtures: signing names no signer '%s'", name);
            return;
        }
        signer->signature = signature;
        signer->changed = workflow->updated;
    }
}

static int whole_days(const cJSON *source, const char *name, int least, int most) {
    const cJSON *days = ic_json_member(source, name);
    return cJSON_IsNumber(days) && days->valueint >= least && days->valueint <= most ? days->valueint : 0;
}

static void load_packet(ic_loader *load, ic_workflow *workflow, const cJSON *source) {
    ic_packet *packet = workflow->packet;
    int days = whole_days(source, "sendInDays", 1, 36500);
    mark(load, workflow, ic_json_member(source, "signed"), IC_SIGNATURE_SIGNED);
    if (cJSON_IsTrue(ic_json_member(source, "sent")) &&
        !ic_packet_send(workflow, workflow->creator, workflow->updated))
        ic_loader_no_memory(load);
    mark(load, workflow, ic_json_member(source, "viewed"), IC_SIGNATURE_VIEWED);
    packet->reminder_days = whole_days(source, "reminderDays", 1, 7);
    if (!days) return;
    packet->notify_at = ic_world_now(load->world) + days * IC_DAY;
    if (!ic_world_await(load->world, workflow)) ic_loader_no_memory(load);
}

/* Beyond the Sign step everybody has signed. */
static void load_signed(ic_loader *load, ic_workflow *workflow) {
    ic_step step = workflow->step;
    ic_time sent = workflow->created + (workflow->updated - workflow->created) / 2,
            signed_at = workflow->updated;
    for (size_t i = 0; i < workflow->packet->signers.count; i++) {
        ic_signer *signer = workflow->packet->signers.items[i];
        signer->signature = IC_SIGNATURE_SIGNED;
        signer->changed = signed_at;
    }
    if (!ic_packet_send(workflow, workflow->creator, sent) ||
        !ic_workflow_archive(load->world, workflow, signed_at))
        ic_loader_no_memory(load);
    workflow->step = step;
    workflow->packet->archive_at = IC_TIME_NONE; /* it stays where it stands */
}

void ic_load_packet(ic_loader *load, ic_workflow *workflow, const cJSON *source) {
    ic_time updated = workflow->updated;
    if (workflow->step == IC_STEP_REVIEW || load->failed) return;
    if (!ic_packet_begin(workflow))
        ic_loader_no_memory(load);
    else if (workflow->step == IC_STEP_SIGN)
        load_packet(load, workflow, source);
    else
        load_signed(load, workflow);
    workflow->updated = updated;
}
