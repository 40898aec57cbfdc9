/* Documents of a workflow: attach at launch, list, upload, download. */
#include "sandbox/workflows/documents.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/workflows/comments.h"
#include "sandbox/workflows/fields.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/pdf.h"
#include "sandbox/workflows/workflow_exchange.h"
#include "sandbox/workflows/workflow_view.h"
#include <string.h>

/* --- with a launch --- */

bool ic_is_contract_name(const char *filename) {
    const char *extension = filename ? strrchr(filename, '.') : NULL;
    return extension && (ic_text_same(extension, ".pdf") || ic_text_same(extension, ".doc") ||
                         ic_text_same(extension, ".docx"));
}

static bool document_attach_file(ic_exchange *x, ic_workflow *workflow, const cJSON *field,
                                 const char *part) {
    ic_field_part *file = ic_exchange_field(x, part);
    if (!file) {
        ic_reply_error(x, 400, "INVALID_PARAM", field->string, "missing form-data part '%s'", part);
        return false;
    }
    if (!ic_is_contract_name(file->filename)) {
        ic_reply_error(x, 400, "INVALID_PARAM", field->string,
                       "the file in part '%s' must be named .pdf, .doc or .docx", part);
        return false;
    }
    if (ic_workflow_add_document(x->company, workflow, field->string, file->filename,
                                 ic_field_part_bytes(file), x->user, ic_company_now(x->company)))
        return true;
    ic_reply_no_memory(x);
    return false;
}

/* The sandbox does not fetch URLs. The document becomes a page that shows the URL. */
static bool document_attach_url(ic_exchange *x, ic_workflow *workflow, const cJSON *field, const char *url) {
    size_t length = strcspn(url, "?#");
    char *path = ic_strndup(url, length);
    const char *filename = path ? strrchr(path, '/') : NULL;
    bool fits = filename && ic_is_contract_name(filename + 1) &&
                (ic_text_starts(url, "https://") || ic_text_starts(url, "http://"));
    if (!path)
        ic_reply_no_memory(x);
    else if (!fits)
        ic_reply_error(x, 400, "INVALID_PARAM", field->string,
                       "the url must lead to a document named .pdf, .doc or .docx");
    else if (!ic_workflow_add_document(x->company, workflow, field->string, filename + 1, ic_pdf_make(url),
                                       x->user, ic_company_now(x->company)))
        ic_reply_no_memory(x);
    ic_free(path);
    return !x->status;
}

static bool document_attach(ic_exchange *x, ic_workflow *workflow, const cJSON *field, const cJSON *value) {
    const char *part = ic_json_string(value, "file"), *url = ic_json_string(value, "url");
    if (part) return document_attach_file(x, workflow, field, part);
    if (url) return document_attach_url(x, workflow, field, url);
    ic_reply_error(x, 400, "INVALID_PARAM", field->string,
                   "invalid value for attribute '%s': expected a document", field->string);
    return false;
}

bool ic_documents_attach(ic_exchange *x, ic_workflow *workflow, const cJSON *field, const cJSON *value) {
    if (!ic_json_member(field, "elementType")) return document_attach(x, workflow, field, value);
    if (!cJSON_IsArray(value)) {
        ic_reply_error(x, 400, "INVALID_PARAM", field->string,
                       "invalid value for attribute '%s': expected an array of documents", field->string);
        return false;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, value) {
        if (!document_attach(x, workflow, field, item)) return false;
    }
    return true;
}

/* --- list --- */

static const ic_document *document_in_packet(const ic_workflow *workflow, unsigned place) {
    for (size_t i = 0; i < workflow->documents.count; i++) {
        const ic_document *document = workflow->documents.items[i];
        if (document->packet_place == place) return document;
    }
    return NULL;
}

void ic_documents_get(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    cJSON *answer = cJSON_CreateObject();
    cJSON *packet = ic_put(answer, "signaturePacketDocuments", cJSON_CreateArray());
    const ic_document *document;
    for (unsigned place = 1; (document = document_in_packet(workflow, place)) != NULL; place++)
        ic_append(packet, ic_document_view(x->company, workflow, document));
    cJSON *excluded = ic_put(answer, "excludedFromSignaturePacketDocuments", cJSON_CreateArray());
    for (size_t i = 0; i < workflow->documents.count; i++) {
        document = workflow->documents.items[i];
        bool sent = document->attribute && strcmp(document->attribute, IC_SENT_PACKET) == 0;
        if (!document->packet_place && !sent)
            ic_append(excluded, ic_document_view(x->company, workflow, document));
    }
    ic_reply_json(x, 200, answer);
}

/* --- download --- */

ic_document *ic_workflow_document(const ic_workflow *workflow, const char *key) {
    for (size_t i = 0; i < workflow->documents.count; i++) {
        ic_document *document = workflow->documents.items[i];
        if (strcmp(document->key, key) == 0) return document;
    }
    return NULL;
}

void ic_documents_download(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 400, true);
    if (!workflow) return;
    const ic_document *document = ic_workflow_document(workflow, x->values[1]);
    if (document)
        ic_reply_bytes(x, document->bytes);
    else
        ic_reply_error(x, 400, "NOT_FOUND", "key", "document does not exist");
}

/* --- upload --- */

/* By the document, errors of this operation are bare JSON strings. */
static bool document_refuse(ic_exchange *x, unsigned status, const char *message) {
    ic_reply_text_error(x, status, message);
    return false;
}

bool ic_document_replace(ic_company *company, ic_document *document, const char *filename, ic_blob *bytes,
                         const ic_user *author) {
    char *name = ic_strdup(filename);
    if (!name) {
        ic_blob_release(bytes);
        return false;
    }
    ic_free(document->filename);
    ic_blob_release(document->bytes);
    document->filename = name;
    document->bytes = bytes;
    document->number++;
    document->modified = ic_company_now(company);
    document->author = author;
    ic_new_short_id(company, document->version);
    return true;
}

static bool document_add_version(ic_exchange *x, ic_document *document, ic_field_part *file) {
    if (ic_document_replace(x->company, document, file->filename, ic_field_part_bytes(file), x->user))
        return true;
    ic_reply_no_memory(x);
    return false;
}

/* Adds a document to a list, or replaces the only one. */
static bool document_add(ic_exchange *x, ic_workflow *workflow, const cJSON *field, ic_field_part *file) {
    for (size_t i = 0; i < workflow->documents.count && !ic_json_member(field, "elementType"); i++) {
        ic_document *document = workflow->documents.items[i];
        if (document->attribute && strcmp(document->attribute, field->string) == 0)
            return document_add_version(x, document, file);
    }
    if (ic_workflow_add_document(x->company, workflow, field->string, file->filename,
                                 ic_field_part_bytes(file), x->user, ic_company_now(x->company)))
        return true;
    ic_reply_no_memory(x);
    return false;
}

static bool document_store_upload(ic_exchange *x, ic_workflow *workflow, const cJSON *field,
                                  const cJSON *metadata, ic_field_part *file) {
    const cJSON *comment = ic_json_member(metadata, "comment");
    const cJSON *key = ic_json_member(metadata, "key");
    ic_document *document = cJSON_IsString(key) ? ic_workflow_document(workflow, key->valuestring) : NULL;
    if (!ic_json_string(comment, "message"))
        return document_refuse(x, 400,
                               "missing required field 'comment.message' in form-data part 'metadata'");
    if (key && (!document || !document->attribute || strcmp(document->attribute, field->string) != 0))
        return document_refuse(x, 404, "Document does not exists");
    if (key && !ic_json_member(field, "elementType"))
        return document_refuse(x, 400, "versioning is not supported for non-draft documents");
    if (!ic_comment_post_object(x, workflow, comment)) return false;
    return key ? document_add_version(x, document, file) : document_add(x, workflow, field, file);
}

void ic_documents_upload(ic_exchange *x) {
    ic_workflow *workflow = ic_company_workflow(x->company, x->values[0]);
    const cJSON *field = workflow ? ic_json_member(workflow->template->form, x->values[1]) : NULL;
    ic_field_part *file = ic_exchange_field(x, "attachment");
    if (!workflow || strcmp(workflow->id, x->values[0]) != 0)
        document_refuse(x, 404, "Workflow does not exists");
    else if (!field || !ic_field_is_document(field))
        document_refuse(x, 404, "Document does not exists");
    else if (!file)
        document_refuse(x, 400, "missing required form-data part 'attachment'");
    else if (!ic_exchange_field(x, "metadata"))
        document_refuse(x, 400, "missing required form-data part 'metadata'");
    else if (!ic_is_contract_name(file->filename))
        document_refuse(x, 400, "the attachment must be named .pdf, .doc or .docx");
    else if (workflow->status == IC_STATUS_CANCELLED || workflow->status == IC_STATUS_COMPLETED)
        document_refuse(x, 400, "documents of a workflow that has ended can not be changed");
    else {
        cJSON *metadata = ic_form_json(x, "metadata");
        if (!cJSON_IsObject(metadata))
            document_refuse(x, 400, "form-data part 'metadata' is no JSON object");
        else if (document_store_upload(x, workflow, field, metadata, file))
            ic_reply_nothing(x);
        cJSON_Delete(metadata);
    }
}
