#include "sandbox/webhooks/events.h"
#include "core/base/alloc.h"
#include "sandbox/control/control.h"
#include "sandbox/webhooks/webhooks.h"
#include <openssl/evp.h>
#include <string.h>

#define NONCE_DIGITS 32

typedef struct delivery {
    ic_uuid event_id;
    char nonce[NONCE_DIGITS + 1];
    const char *event; /* static */
    ic_object_id webhook;
    char *target, *body;
} delivery;

/* --- what is told --- */

static const struct meaning {
    const char *operation, *event;
} meanings[] = {
    {"cancel-a-workflow", "workflow_cancelled"},
    {"pause-a-workflow", "workflow_paused"},
    {"resume-a-workflow", "workflow_resumed"},
    {"revert-to-review", "workflow_step_updated"},
    {"update-workflow-metadata", "workflow_attribute_updated"},
    {"update-workflow-approval", "workflow_approval_status_changed"},
    {"update-workflow-role-assignment", "workflow_roles_assigned"},
    {"create-a-comment-on-a-workflow", "workflow_comment_added"},
    {"deprecated-create-a-comment-on-a-workflow", "workflow_comment_added"},
    {"create-a-workflow-document", "workflow_documents_added"},
    {"send-signature-request", "workflow_signature_packet_sent"},
    {"cancel-signature-request", "workflow_signature_packet_cancelled"},
    {"workflow-upload-signed-document", "workflow_signature_packet_uploaded"},
    {"update-signer", "workflow_signer_reassigned"},
    {"delete-signer", "workflow_signer_removed"},
};

void ic_events_note(const ic_exchange *x) {
    if (!x->operation || x->status < 200 || x->status > 299) return;
    const ic_workflow *workflow = ic_company_workflow(x->company, x->values[0]);
    for (size_t i = 0; workflow && i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i].operation, x->operation->id) == 0)
            ic_event(x->company, meanings[i].event, workflow);
}

/* --- deliveries --- */

static void free_delivery(delivery *item) {
    ic_free(item->target);
    ic_json_text_free(item->body);
    ic_free(item);
}

static void forget(ic_company *company, size_t count) {
    ic_array *deliveries = &company->deliveries;
    for (size_t i = 0; i < count; i++)
        free_delivery(deliveries->items[i]);
    deliveries->count -= count;
    if (deliveries->count)
        memmove(deliveries->items, deliveries->items + count, deliveries->count * sizeof *deliveries->items);
}

void ic_events_free(ic_company *company) {
    forget(company, company->deliveries.count);
    ic_array_free(&company->deliveries);
}

static bool wants(const ic_webhook *webhook, const char *event) {
    const cJSON *name;
    cJSON_ArrayForEach(name, webhook->events) {
        if (strcmp(name->valuestring, "*") == 0 || strcmp(name->valuestring, event) == 0)
            return strcmp(webhook->status, "enabled") == 0;
    }
    return false;
}

/* The envelope of the webhook documents, as JSON.stringify would print it. NULL: no memory. */
static char *body_of(const ic_company *company, const ic_webhook *webhook, const char *event,
                     const ic_workflow *workflow) {
    cJSON *body = cJSON_CreateObject();
    ic_put_text(body, "companyID", company->id);
    cJSON *payload = ic_put(body, "payload", cJSON_CreateObject());
    ic_put_text(payload, "event", event);
    ic_put_text(payload, "templateID", workflow->template->id);
    ic_put_text(payload, "workflowID", workflow->id);
    ic_put_text(body, "timestamp", ic_time_print(ic_company_now(company)).text);
    ic_put_text(body, "webhookID", webhook->id);
    char *text = ic_json_print(body);
    cJSON_Delete(body);
    return text;
}

static void deliver(ic_company *company, const ic_webhook *webhook, const char *event,
                    const ic_workflow *workflow) {
    delivery *item = ic_calloc(1, sizeof *item);
    if (!item) return;
    item->event = event;
    item->target = ic_strdup(webhook->target);
    item->body = body_of(company, webhook, event, workflow);
    memcpy(item->webhook, webhook->id, sizeof item->webhook);
    ic_new_uuid(company, item->event_id);
    ic_random_hex(company, item->nonce, NONCE_DIGITS);
    if (company->deliveries.count >= IC_DELIVERIES_MAX) forget(company, IC_DELIVERIES_MAX / 2);
    if (!item->target || !item->body || !ic_array_push(&company->deliveries, item)) free_delivery(item);
}

void ic_event(ic_company *company, const char *event, const ic_workflow *workflow) {
    for (size_t i = 0; i < company->webhooks.count; i++)
        if (wants(company->webhooks.items[i], event))
            deliver(company, company->webhooks.items[i], event, workflow);
}

/* --- signed, for those who ask --- */

/* RSA PKCS#1 v1.5 with SHA-256 of event id, body and nonce, in base64. NULL: no memory. */
static cJSON *signature_of(EVP_PKEY *key, const delivery *item) {
    unsigned char bytes[512], base64[sizeof bytes / 3 * 4 + 8];
    size_t length = sizeof bytes;
    ic_buf text = {0};
    ic_buf_printf(&text, "%s%s%s", item->event_id, item->body, item->nonce);
    const char *whole = ic_buf_text(&text);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = key && whole && context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, bytes, &length, (const unsigned char *)whole, text.length) == 1;
    EVP_MD_CTX_free(context);
    ic_buf_free(&text);
    if (!done) return NULL;
    EVP_EncodeBlock(base64, bytes, (int)length);
    return cJSON_CreateString((const char *)base64);
}

static cJSON *verification_of(EVP_PKEY *key, const delivery *item) {
    cJSON *verification = cJSON_CreateObject();
    ic_put_text(verification, "nonce", item->nonce);
    ic_put_text(verification, "signAlgorithm", "sha256");
    ic_put(verification, "signature", signature_of(key, item));
    ic_put_text(verification, "encoding", "base64");
    char *text = ic_json_print(verification);
    cJSON_Delete(verification);
    cJSON *string = text ? cJSON_CreateString(text) : NULL;
    ic_json_text_free(text);
    return string;
}

static cJSON *delivery_view(EVP_PKEY *key, const delivery *item) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "url", item->target);
    ic_put_text(view, "event", item->event);
    ic_put_text(view, "webhook", item->webhook);
    cJSON *headers = ic_put(view, "headers", cJSON_CreateObject());
    ic_put_text(headers, "Content-Type", "application/json");
    ic_put_text(headers, "X-Ironclad-Webhook-Event-Id", item->event_id);
    ic_put(headers, "X-Ironclad-Webhook-Verification", verification_of(key, item));
    ic_put_text(view, "body", item->body);
    return view;
}

void ic_control_deliveries(ic_control *control) {
    ic_company *company = control->company;
    control->answer = cJSON_CreateObject();
    cJSON *list = ic_put(control->answer, "list", cJSON_CreateArray());
    EVP_PKEY *key = company->deliveries.count ? ic_company_webhook_key(company) : NULL;
    for (size_t i = 0; i < company->deliveries.count; i++)
        ic_append(list, delivery_view(key, company->deliveries.items[i]));
}

void ic_control_clear_deliveries(ic_control *control) {
    forget(control->company, control->company->deliveries.count);
}
