/* Upload of a document that some or all signers have signed elsewhere. */
#include "core/base/alloc.h"
#include "sandbox/workflows/archive_begin.h"
#include "sandbox/workflows/documents.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/sign_status.h"
#include "sandbox/workflows/signing.h"
#include "sandbox/workflows/workflow_view.h"

/* --- reading --- */

static bool signed_refuse(ic_exchange *x, const char *code, const char *param, const char *message) {
    ic_reply_error(x, 400, code, param, "%s", message);
    return false;
}

static bool signed_add_role(ic_exchange *x, const ic_packet *packet, const cJSON *name, ic_array *signers) {
    ic_signer *signer = cJSON_IsString(name) ? ic_packet_signer(packet, name->valuestring) : NULL;
    if (!signer)
        return signed_refuse(x, "INVALID_PARAM", NULL,
                             "The signer field contains invalid signers, please check.");
    if (ic_array_has(signers, signer) || ic_array_push(signers, signer)) return true;
    ic_reply_no_memory(x);
    return false;
}

/* The signers that the metadata name; an empty list means all. */
static bool signed_read_signers(ic_exchange *x, const ic_packet *packet, ic_array *signers) {
    if (!ic_exchange_field(x, "metadata")) return true;
    cJSON *metadata = ic_form_json(x, "metadata");
    const cJSON *names = ic_json_member(metadata, "signerRoleNames"), *name;
    bool read = cJSON_IsObject(metadata) && (!names || cJSON_IsArray(names));
    if (!read)
        signed_refuse(x, "INVALID_PARAM", "metadata",
                      "metadata must be a JSON object with a list signerRoleNames");
    cJSON_ArrayForEach(name, names) read = read && signed_add_role(x, packet, name, signers);
    cJSON_Delete(metadata);
    return read;
}

/* --- doing --- */

/* A further upload is a new version of the copy. */
static bool signed_keep_copy(ic_exchange *x, ic_workflow *workflow, ic_field_part *file) {
    ic_packet *packet = workflow->packet;
    ic_blob *bytes = ic_field_part_bytes(file);
    if (packet->copy) return ic_document_replace(x->company, packet->copy, file->filename, bytes, x->user);
    packet->copy = ic_workflow_add_document(x->company, workflow, NULL, file->filename, bytes, x->user,
                                            ic_company_now(x->company));
    return packet->copy != NULL;
}

static void signed_mark(const ic_packet *packet, const ic_array *signers, ic_time time) {
    for (size_t i = 0; i < packet->signers.count; i++) {
        ic_signer *signer = packet->signers.items[i];
        if (signer->signature == IC_SIGNATURE_SIGNED) continue;
        if (signers->count && !ic_array_has(signers, signer)) continue;
        signer->signature = IC_SIGNATURE_SIGNED;
        signer->wet = true;
        signer->changed = time;
    }
}

static void signed_reply(ic_exchange *x, const ic_workflow *workflow) {
    cJSON *copy = ic_document_view(x->company, workflow, workflow->packet->copy);
    bool partial = workflow->step == IC_STEP_SIGN;
    cJSON *answer = ic_signatures_view(workflow);
    if (!partial) cJSON_DeleteItemFromObjectCaseSensitive(answer, "signers");
    ic_put(answer, partial ? "partiallySigned" : "signed", copy);
    ic_reply_json(x, 200, answer);
}

static void signed_upload(ic_exchange *x, ic_workflow *workflow, ic_field_part *file,
                          const ic_array *signers) {
    ic_time now = ic_company_now(x->company);
    if (!signed_keep_copy(x, workflow, file)) {
        ic_reply_no_memory(x);
        return;
    }
    signed_mark(workflow->packet, signers, now);
    /* A packet without signers is complete. */
    bool all = !workflow->packet->signers.count || !signers->count;
    if (all ? ic_workflow_archive(x->company, workflow, now) : ic_packet_proceed(x->company, workflow, now))
        signed_reply(x, workflow);
    else
        ic_reply_no_memory(x);
}

void ic_signed_upload(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_signing(x, false);
    if (!workflow) return;
    ic_field_part *file = ic_exchange_field(x, "attachment");
    ic_array signers = {0};
    if (!file)
        signed_refuse(x, "MISSING_PARAM", "attachments", "missing required form-data part 'attachment'");
    else if (!ic_is_contract_name(file->filename))
        signed_refuse(x, "INVALID_PARAM", "attachments", "the attachment must be named .pdf, .doc or .docx");
    else if (signed_read_signers(x, workflow->packet, &signers))
        signed_upload(x, workflow, file, &signers);
    ic_array_free(&signers);
}
