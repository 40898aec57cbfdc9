/* Upload, download and deletion of record attachments. Source of the messages: the public document. */
#include "core/base/alloc.h"
#include "sandbox/records/attachment.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record_attachments.h"
#include "sandbox/records/record_exchange.h"
#include "sandbox/records/record_view.h"
#include <string.h>

/* --- upload --- */

/* Whether it is a key of the record schema, or "key[n]" with such a key. */
static bool attachments_is_known_key(const ic_company *company, const char *key) {
    size_t length = strcspn(key, "["), digits = strspn(key + length + (key[length] == '['), "0123456789");
    if (key[length] && (!digits || strcmp(key + length + 1 + digits, "]") != 0)) return false;
    const cJSON *known;
    cJSON_ArrayForEach(known, company->record_attachments) {
        if (strlen(known->string) == length && strncmp(known->string, key, length) == 0) return true;
    }
    return false;
}

static bool attachments_refuse_key(ic_exchange *x, const ic_record *record, const char *key) {
    if (!attachments_is_known_key(x->company, key))
        ic_reply_error(x, 400, "INVALID_PARAM", "attachmentKey", "unknown record attachment key '%s'", key);
    else if (ic_record_attachment(record, key))
        ic_reply_error(x, 400, "INVALID_PARAM", "attachmentKey",
                       "record attachment key '%s' already exists for record", key);
    else
        return false;
    return true;
}

static bool attachments_refuse_part(ic_exchange *x, const char *name) {
    if (ic_exchange_field(x, name)) return false;
    ic_reply_error(x, 400, "INVALID_PARAM", name, "missing required form-data part '%s'", name);
    return true;
}

static bool attachments_refuse_filename(ic_exchange *x, const char *filename) {
    if (!filename)
        ic_reply_error(x, 400, "INVALID_PARAM", "metadata.filename",
                       "form-data part 'metadata' must be JSON with a 'filename'");
    else if (!ic_media_type(filename))
        ic_reply_error(
            x, 400, "INVALID_PARAM", "metadata.filename",
            "filename \"%.200s\" does not have an accepted extension. Only the following "
            "extensions are allowed: .adoc, .asice, .bdoc, .csv, .ddoc, .doc, .docx, .edoc, .eml, "
            ".gif, .htm, .jpeg, .jpg, .msg, .pdf, .png, .ppt, .pptx, .rtf, .tif, .tif, .txt, .xls, "
            ".xlsx, .xml",
            filename);
    else
        return false;
    return true;
}

static void attachments_store(ic_exchange *x, ic_record *record, const char *filename) {
    ic_blob *bytes = ic_field_part_bytes(ic_exchange_field(x, "attachment"));
    if (!ic_record_attach(x->company, record, x->values[1], filename, bytes)) {
        ic_reply_no_memory(x);
        return;
    }
    ic_record_touch(x->company, record);
    ic_reply_record(x, record);
}

void ic_attachments_create(ic_exchange *x) {
    ic_record *record = ic_exchange_may_edit(x) ? ic_exchange_record(x, 400) : NULL;
    if (!record || attachments_refuse_key(x, record, x->values[1]) ||
        attachments_refuse_part(x, "attachment") || attachments_refuse_part(x, "metadata"))
        return;
    cJSON *metadata = ic_form_json(x, "metadata");
    const char *filename = ic_json_string(metadata, "filename");
    if (!attachments_refuse_filename(x, filename)) attachments_store(x, record, filename);
    cJSON_Delete(metadata);
}

/* --- download and deletion --- */

static ic_attachment *attachments_find(ic_exchange *x, const ic_record *record, unsigned status) {
    ic_attachment *attachment = ic_record_attachment(record, x->values[1]);
    if (!attachment)
        ic_reply_error(x, status, "NOT_FOUND", NULL,
                       "couldn't find an attachment matching the key %s for record with id %s", x->values[1],
                       x->values[0]);
    return attachment;
}

void ic_attachments_get(ic_exchange *x) {
    const ic_record *record = ic_exchange_record(x, 400);
    if (!record) return;
    if (strcmp(record->id, x->values[0]) != 0) { /* this operation does not take the readable id */
        ic_reply_no_record(x, 400);
        return;
    }
    const ic_attachment *attachment = attachments_find(x, record, 400);
    if (attachment)
        ic_reply_download(x, attachment->bytes, ic_media_type(attachment->filename), attachment->filename);
}

void ic_attachments_delete(ic_exchange *x) {
    ic_record *record = ic_exchange_may_edit(x) ? ic_exchange_record(x, 404) : NULL;
    ic_attachment *attachment = record ? attachments_find(x, record, 404) : NULL;
    if (!attachment) return;
    ic_record_detach(record, attachment);
    ic_record_touch(x->company, record);
    ic_reply_nothing(x);
}
