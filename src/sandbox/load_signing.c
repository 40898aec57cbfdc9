/* The parts of a fixture document that are about signing. */
#include "../core/alloc.h"
#include "lifecycle.h"
#include "signing.h"
#include <stdio.h>
#include <string.h>

static bool no_memory(char *error, size_t size) {
    snprintf(error, size, "no memory for the fixtures");
    return false;
}

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

static bool load_signer(const ic_world *world, ic_signer_design *signer, const cJSON *source, char *error,
                        size_t size) {
    const char *role = ic_json_string(source, "roleName"), *user = ic_json_string(source, "user"),
               *name = ic_json_string(source, "nameFrom"), *email = ic_json_string(source, "emailFrom");
    signer->user = user ? ic_world_user(world, user) : NULL;
    if (!role || (user && !signer->user)) {
        snprintf(error, size, "fixtures: a signer needs a roleName, and a user of the company if any");
        return false;
    }
    signer->role_name = ic_strdup(role);
    signer->name_attribute = ic_strdup(name);
    signer->email_attribute = ic_strdup(email);
    bool copied = signer->role_name && !name == !signer->name_attribute && !email == !signer->email_attribute;
    return copied || no_memory(error, size);
}

bool ic_signing_load(ic_world *world, ic_template *template, const cJSON *source, char *error, size_t size) {
    const char *routing = ic_json_string(source, "routing"), *type = ic_json_string(source, "recordType");
    const cJSON *signers = ic_json_member(source, "signers"), *signer;
    if (!source) return true;
    ic_signing_design *design = template->signing = ic_calloc(1, sizeof *design);
    if (!design) return no_memory(error, size);
    design->provider = provider_of(ic_json_string(source, "provider"));
    design->sequential = routing && strcmp(routing, "sequential") == 0;
    design->record_type = type ? ic_world_record_type(world, type) : NULL;
    if (!design->provider || (type && !design->record_type) ||
        (!design->sequential && (!routing || strcmp(routing, "parallel") != 0))) {
        snprintf(
            error, size,
            "fixtures: '%s': signing needs a known provider, routing sequential or parallel, and a known "
            "recordType if any",
            template->name);
        return false;
    }
    design->signers = ic_calloc((size_t)cJSON_GetArraySize(signers) + 1, sizeof *design->signers);
    if (!design->signers) return no_memory(error, size);
    cJSON_ArrayForEach(signer, signers) {
        if (!load_signer(world, &design->signers[design->signer_count++], signer, error, size)) return false;
    }
    return true;
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
static bool mark(const ic_workflow *workflow, const cJSON *roles, ic_signature signature, char *error,
                 size_t size) {
    const ic_packet *packet = workflow->packet;
    const cJSON *role;
    cJSON_ArrayForEach(role, roles) {
        ic_signer *signer = cJSON_IsString(role) ? ic_packet_signer(packet, role->valuestring) : NULL;
        if (!signer) {
            snprintf(error, size, "fixtures: signing names no signer '%s'",
                     cJSON_IsString(role) ? role->valuestring : "(no text)");
            return false;
        }
        signer->signature = signature;
        signer->changed = workflow->updated;
    }
    return true;
}

static int whole_days(const cJSON *source, const char *name, int least, int most) {
    const cJSON *days = ic_json_member(source, name);
    return cJSON_IsNumber(days) && days->valueint >= least && days->valueint <= most ? days->valueint : 0;
}

static bool load_signing(ic_world *world, ic_workflow *workflow, const cJSON *source, char *error,
                         size_t size) {
    ic_packet *packet = workflow->packet;
    int days = whole_days(source, "sendInDays", 1, 36500);
    if (!mark(workflow, ic_json_member(source, "signed"), IC_SIGNATURE_SIGNED, error, size)) return false;
    if (cJSON_IsTrue(ic_json_member(source, "sent")) &&
        !ic_packet_send(workflow, workflow->creator, workflow->updated))
        return no_memory(error, size);
    if (!mark(workflow, ic_json_member(source, "viewed"), IC_SIGNATURE_VIEWED, error, size)) return false;
    packet->reminder_days = whole_days(source, "reminderDays", 1, 7);
    if (!days) return true;
    packet->notify_at = ic_world_now(world) + days * IC_DAY;
    return ic_world_await(world, workflow) || no_memory(error, size);
}

/* Beyond the Sign step everybody has signed. */
static bool load_signed(ic_world *world, ic_workflow *workflow, char *error, size_t size) {
    ic_step step = workflow->step;
    for (size_t i = 0; i < workflow->packet->signers.count; i++) {
        ic_signer *signer = workflow->packet->signers.items[i];
        signer->signature = IC_SIGNATURE_SIGNED;
        signer->changed = workflow->updated;
    }
    if (!ic_packet_send(workflow, workflow->creator,
                        workflow->created + (workflow->updated - workflow->created) / 2) ||
        !ic_workflow_archive(world, workflow, workflow->updated))
        return no_memory(error, size);
    workflow->step = step;
    workflow->packet->archive_at = IC_TIME_NONE; /* it stays where it stands */
    return true;
}

bool ic_packet_load(ic_world *world, ic_workflow *workflow, const cJSON *source, char *error, size_t size) {
    if (workflow->step == IC_STEP_REVIEW) return true;
    ic_time updated = workflow->updated;
    if (!ic_packet_begin(workflow)) return no_memory(error, size);
    bool loaded = workflow->step == IC_STEP_SIGN ? load_signing(world, workflow, source, error, size)
                                                 : load_signed(world, workflow, error, size);
    workflow->updated = updated;
    return loaded;
}
