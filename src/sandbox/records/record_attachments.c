#include "sandbox/records/record_attachments.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/records/attachment.h"
#include <string.h>

#define SIGNED_COPY "signedCopy"

ic_attachment *ic_record_attachment(const ic_record *record, const char *key) {
    ic_attachment *attachment = record->attachments;
    while (attachment && strcmp(attachment->key, key) != 0)
        attachment = attachment->next;
    return attachment;
}

ic_attachment *ic_record_signed_copy(const ic_record *record) {
    ic_attachment *latest = NULL;
    for (ic_attachment *attachment = record->attachments; attachment; attachment = attachment->next) {
        const char *rest = attachment->key + strlen(SIGNED_COPY);
        if (ic_text_starts(attachment->key, SIGNED_COPY) && (!*rest || *rest == '[')) latest = attachment;
    }
    return latest;
}

ic_attachment *ic_record_attach(ic_company *company, ic_record *record, const char *key, const char *filename,
                                ic_blob *bytes) {
    ic_attachment *attachment = ic_calloc(1, sizeof *attachment);
    if (!attachment) {
        ic_blob_release(bytes);
        return NULL;
    }
    attachment->key = ic_strdup(key);
    attachment->filename = ic_strdup(filename);
    attachment->bytes = bytes;
    if (!attachment->key || !attachment->filename || !bytes) {
        ic_attachment_free(attachment);
        return NULL;
    }
    ic_new_uuid(company, attachment->id);
    ic_attachment **end = &record->attachments;
    while (*end)
        end = &(*end)->next;
    *end = attachment;
    return attachment;
}

void ic_record_detach(ic_record *record, ic_attachment *attachment) {
    ic_attachment **at = &record->attachments;
    while (*at != attachment)
        at = &(*at)->next;
    *at = attachment->next;
    ic_attachment_free(attachment);
}

ic_stored_file ic_record_attachment_file(const ic_company *company, const char *record_id, const char *id) {
    const ic_record *record = ic_company_record(company, record_id);
    const ic_attachment *attachment = record ? record->attachments : NULL;
    while (attachment && strcmp(attachment->id, id) != 0)
        attachment = attachment->next;
    if (!attachment) return (ic_stored_file){0};
    return (ic_stored_file){attachment->bytes, attachment->filename, ic_media_type(attachment->filename)};
}
