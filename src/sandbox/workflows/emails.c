#include "sandbox/workflows/emails.h"
#include "core/base/alloc.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/workflows.h"
#include <string.h>

void ic_emails_free(ic_workflow *workflow) {
    for (size_t i = 0; i < workflow->emails.count; i++) {
        ic_email *email = workflow->emails.items[i];
        for (size_t j = 0; j < email->attachments.count; j++) {
            ic_email_attachment *attachment = email->attachments.items[j];
            ic_blob_release(attachment->bytes);
            ic_free(attachment);
        }
        ic_array_free(&email->attachments);
        ic_json_text_free(email->shown);
        ic_free(email);
    }
    ic_array_free(&workflow->emails);
}

void ic_emails_list(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, false);
    if (!workflow) return;
    ic_page page = ic_exchange_page(x);
    size_t first = page.number * page.size;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = first; i < workflow->emails.count && i < first + page.size; i++)
        ic_append(list, cJSON_CreateRaw(((const ic_email *)workflow->emails.items[i])->shown));
    ic_reply_page(x, page, workflow->emails.count, list);
}

/* The e-mail that the path names; NULL: answered with an error. */
static const ic_email *email_find(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, false);
    for (size_t i = 0; workflow && i < workflow->emails.count; i++) {
        const ic_email *email = workflow->emails.items[i];
        if (strcmp(email->id, x->values[1]) == 0) return email;
    }
    if (workflow) ic_reply_error(x, 404, "NOT_FOUND", "emailThreadId", "emailThreadId does not exist");
    return NULL;
}

void ic_emails_get(ic_exchange *x) {
    const ic_email *email = email_find(x);
    if (email) ic_reply_json(x, 200, cJSON_CreateRaw(email->shown));
}

void ic_emails_download(ic_exchange *x) {
    const ic_email *email = email_find(x);
    for (size_t i = 0; email && i < email->attachments.count; i++) {
        const ic_email_attachment *attachment = email->attachments.items[i];
        if (strcmp(attachment->id, x->values[2]) != 0) continue;
        ic_reply_bytes(x, attachment->bytes);
        return;
    }
    if (email) ic_reply_error(x, 404, "NOT_FOUND", "attachmentId", "attachmentId does not exist");
}
