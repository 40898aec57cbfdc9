#include "sandbox/workflows/email.h"
#include "core/base/alloc.h"

void ic_email_free(ic_email *email) {
    for (size_t i = 0; i < email->attachments.count; i++) {
        ic_email_attachment *attachment = email->attachments.items[i];
        ic_blob_release(attachment->bytes);
        ic_free(attachment);
    }
    ic_array_free(&email->attachments);
    ic_json_text_free(email->shown);
    ic_free(email);
}
