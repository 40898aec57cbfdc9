#include "sandbox/webhooks/events.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "sandbox/base/build.h"
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

/* --- deliveries --- */

static void delivery_free(delivery *item) {
    ic_free(item->target);
    ic_json_text_free(item->body);
    ic_free(item);
}

static bool events_wants(const ic_webhook *webhook, const char *event) {
    const cJSON *name;
    cJSON_ArrayForEach(name, webhook->events) {
        if (strcmp(name->valuestring, "*") == 0 || strcmp(name->valuestring, event) == 0)
            return strcmp(webhook->status, "enabled") == 0;
    }
    return false;
}

/* The body of a delivery, printed as JSON.stringify would. NULL: no memory. */
static char *events_body(const ic_company *company, const ic_webhook *webhook, const ic_event *event) {
    cJSON *body = cJSON_CreateObject();
    ic_put_text(body, "companyID", company->id);
    cJSON *payload = ic_put(body, "payload", cJSON_CreateObject());
    ic_put_text(payload, "event", event->name);
    ic_put_text(payload, "templateID", event->template);
    ic_put_text(payload, "workflowID", event->workflow);
    ic_put_text(body, "timestamp", ic_time_print(ic_company_now(company)).text);
    ic_put_text(body, "webhookID", webhook->id);
    char *text = ic_json_print(body);
    cJSON_Delete(body);
    return text;
}

static void events_deliver(ic_company *company, const ic_webhook *webhook, const ic_event *event) {
    delivery *item = ic_calloc(1, sizeof *item);
    if (!item) return;
    item->event = event->name;
    item->target = ic_strdup(webhook->target);
    item->body = events_body(company, webhook, event);
    memcpy(item->webhook, webhook->id, sizeof item->webhook);
    ic_new_uuid(company, item->event_id);
    ic_random_hex(company, item->nonce, NONCE_DIGITS);
    if (company->deliveries.count >= IC_DELIVERIES_MAX)
        IC_ARRAY_FREE_FIRST(&company->deliveries, IC_DELIVERIES_MAX / 2, delivery *, delivery_free);
    if (!item->target || !item->body || !ic_array_push(&company->deliveries, item)) delivery_free(item);
}

void ic_event_emit(ic_company *company, const ic_event *event) {
    for (size_t i = 0; i < company->webhooks.count; i++) {
        const ic_webhook *webhook = company->webhooks.items[i];
        if (events_wants(webhook, event->name)) events_deliver(company, webhook, event);
    }
}

/* --- deliveries as controls show them --- */

/* RSA PKCS#1 v1.5 with SHA-256 of event id, body and nonce, in base64. NULL: no memory. */
static cJSON *delivery_signature(EVP_PKEY *key, const delivery *item) {
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

static cJSON *delivery_verification(EVP_PKEY *key, const delivery *item) {
    cJSON *verification = cJSON_CreateObject();
    ic_put_text(verification, "nonce", item->nonce);
    ic_put_text(verification, "signAlgorithm", "sha256");
    ic_put(verification, "signature", delivery_signature(key, item));
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
    ic_put(headers, "X-Ironclad-Webhook-Verification", delivery_verification(key, item));
    ic_put_text(view, "body", item->body);
    return view;
}

cJSON *ic_deliveries_view(ic_company *company) {
    cJSON *list = cJSON_CreateArray();
    EVP_PKEY *key = company->deliveries.count ? ic_company_webhook_key(company) : NULL;
    for (size_t i = 0; i < company->deliveries.count; i++)
        ic_append(list, delivery_view(key, company->deliveries.items[i]));
    return list;
}

void ic_deliveries_clear(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->deliveries, delivery *, delivery_free);
}
