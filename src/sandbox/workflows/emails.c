/* The e-mails of a workflow: list, get, download. */
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/workflow_exchange.h"
#include <string.h>

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
