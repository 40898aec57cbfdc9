/* The documents of the signature packet and their order. */
#include "sandbox/workflows/documents.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/sign_status.h"
#include "sandbox/workflows/workflow_exchange.h"
#include <string.h>

static bool signature_packet_refuse(ic_exchange *x, const char *message, const char *key) {
    ic_reply_error(x, 400, "INVALID_PARAM", "signaturePacketDocumentKeys", "%s%s", message, key);
    return false;
}

/* Each key must name a document that can be signed, and only once. */
static bool signature_packet_read_keys(ic_exchange *x, const ic_workflow *workflow, ic_array *documents) {
    const cJSON *key;
    cJSON_ArrayForEach(key, ic_json_member(x->body, "signaturePacketDocumentKeys")) {
        const char *name = cJSON_IsString(key) ? key->valuestring : "";
        ic_document *document = ic_workflow_document(workflow, name);
        if (!document) return signature_packet_refuse(x, "document does not exist: ", name);
        if (!document->attribute || !ic_is_contract_name(document->filename))
            return signature_packet_refuse(
                x, "only editable documents (.doc, .docx, .pdf) can be signed: ", document->filename);
        if (ic_array_has(documents, document))
            return signature_packet_refuse(x, "this document is named twice: ", name);
        if (!ic_array_push(documents, document)) {
            ic_reply_no_memory(x);
            return false;
        }
    }
    return documents->count || signature_packet_refuse(x, "the signature packet cannot be empty", "");
}

static void signature_packet_arrange(const ic_workflow *workflow, const ic_array *packet) {
    for (size_t i = 0; i < workflow->documents.count; i++)
        ((ic_document *)workflow->documents.items[i])->packet_place = 0;
    for (size_t i = 0; i < packet->count; i++)
        ((ic_document *)packet->items[i])->packet_place = (unsigned)i + 1;
}

void ic_signature_packet_update(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    ic_array documents = {0};
    if (workflow->step != IC_STEP_REVIEW || workflow->status != IC_STATUS_ACTIVE) {
        ic_reply_invalid_state(x, "The signature packet can only be changed in the Review step.");
    } else if (signature_packet_read_keys(x, workflow, &documents)) {
        signature_packet_arrange(workflow, &documents);
        workflow->updated = ic_company_now(x->company);
        ic_documents_get(x);
    }
    ic_array_free(&documents);
}
