/* Webhooks: create, list, get, update, delete, verification key. */
#include "sandbox/webhooks/webhooks.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/webhooks/handlers.h"
#include "sandbox/webhooks/outbox.h"
#include "sandbox/webhooks/target.h"
#include "sandbox/webhooks/webhook_key.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

/* --- what it looks like: WebhookModel, and the tags that the service adds --- */

static cJSON *webhook_view(const ic_company *company, const ic_webhook *webhook) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", webhook->id);
    ic_put(view, "events", cJSON_Duplicate(webhook->events, true));
    ic_put_text(view, "targetURL", webhook->target);
    ic_put_text(view, "companyId", company->id);
    cJSON *tags = ic_put(view, "tags", cJSON_CreateArray());
    ic_append(tags, cJSON_CreateString("oauth"));
    ic_append(tags, cJSON_CreateString(webhook->grant));
    ic_put_text(view, "status", webhook->status);
    ic_put_text(view, "statusLastUpdatedAt", ic_time_print(webhook->status_changed).text);
    ic_put_text(view, "statusLastUpdatedBy", webhook->changed_by);
    ic_put_number(view, "consecutiveFailureCount", webhook->failures);
    if (webhook->failures)
        ic_put_text(view, "firstConsecutiveFailure", ic_time_print(webhook->first_failure).text);
    return view;
}

/* --- list and get --- */

/* The service lists them sorted by target, without a count. */
void ic_webhooks_list(ic_exchange *x) {
    const ic_array *webhooks = &x->company->webhooks;
    ic_page page = ic_exchange_page(x);
    cJSON *answer = cJSON_CreateObject();
    ic_put_number(answer, "page", (double)page.number);
    ic_put_number(answer, "pageSize", (double)page.size);
    cJSON *list = ic_put(answer, "list", cJSON_CreateArray());
    size_t first = page.number * page.size;
    for (size_t i = first; i < webhooks->count && i < first + page.size; i++)
        ic_append(list, webhook_view(x->company, webhooks->items[i]));
    ic_reply_json(x, 200, answer);
}

static ic_webhook *webhook_find(ic_exchange *x) {
    ic_webhook *webhook = ic_webhook_find(x->company, x->values[0]);
    if (webhook && !webhook->clickwrap && !webhook->provider) return webhook;
    ic_reply_error(x, 400, "NOT_FOUND", NULL, "couldn't find a webhook matching the id %s", x->values[0]);
    return NULL;
}

void ic_webhooks_get(ic_exchange *x) {
    const ic_webhook *webhook = webhook_find(x);
    if (webhook) ic_reply_json(x, 200, webhook_view(x->company, webhook));
}

/* --- what a request says --- */

static void webhook_refuse_events(ic_exchange *x, const char *choices) {
    ic_buf known = {0};
    ic_choices_print(&known, choices);
    ic_reply_error(x, 400, "INVALID_PARAM", "events", "invalid event type; %s are acceptable event types",
                   known.failed ? "" : ic_buf_text(&known));
    ic_buf_free(&known);
}

static const char *webhook_event_names(const ic_exchange *x) {
    const ic_field *field = x->operation->fields;
    while (strcmp(field->name, "events") != 0)
        field++;
    return field->choices;
}

static bool webhook_check_events(ic_exchange *x) {
    const cJSON *events = ic_json_member(x->body, "events"), *event;
    if (!events) return true;
    const char *choices = webhook_event_names(x);
    bool known = events->child != NULL;
    cJSON_ArrayForEach(event, events) known =
        known && cJSON_IsString(event) && ic_is_choice(choices, event->valuestring);
    if (!known) webhook_refuse_events(x, choices);
    return known;
}

static const ic_webhook *webhook_with_target(const ic_company *company, const char *target) {
    for (size_t i = 0; i < company->webhooks.count; i++) {
        const ic_webhook *webhook = company->webhooks.items[i];
        if (strcmp(webhook->target, target) == 0) return webhook;
    }
    return NULL;
}

/* Ironclad takes https only. The sandbox also takes http to this machine. */
static bool webhook_is_target(const char *text) {
    static const char https[] = "https://", http[] = "http://";
    const char *scheme = ic_text_starts(text, https) ? https : http, *host = text + strlen(scheme);
    return ic_text_starts(text, scheme) && *host && *host != '/' && !strpbrk(host, " \t\r\n\\\"<>") &&
           (scheme == https || ic_target_is_local(text));
}

/* The service misspells the parameter of a target that is already used. */
static bool webhook_check_target(ic_exchange *x, const ic_webhook *changed) {
    const char *target = ic_json_string(x->body, "targetURL");
    if (!target) return true;
    const ic_webhook *holder = webhook_with_target(x->company, target);
    if (!webhook_is_target(target))
        ic_reply_error(x, 400, "INVALID_PARAM", "targetURL", "targetURL must be an https URL");
    else if (holder && holder != changed)
        ic_reply_error(x, 400, "INVALID_PARAM", "tagetURL",
                       "webhook already exists for event %s and target %s",
                       cJSON_GetStringValue(holder->events->child), target);
    else
        return true;
    return false;
}

static bool webhook_check_request(ic_exchange *x, const ic_webhook *changed) {
    return webhook_check_events(x) && webhook_check_target(x, changed);
}

/* --- create, update, delete --- */

void ic_webhooks_create(ic_exchange *x) {
    if (!webhook_check_request(x, NULL)) return;
    const char *status = ic_json_string(x->body, "status");
    ic_webhook *webhook = ic_webhook_new(x->company, ic_json_string(x->body, "targetURL"),
                                         ic_json_member(x->body, "events"), x->user);
    if (!webhook) {
        ic_reply_no_memory(x);
        return;
    }
    if (status) ic_webhook_set_status(x->company, webhook, status, x->user);
    if (x->token->user) webhook->grant = "authorizationCode";
    ic_reply_json(x, 200, webhook_view(x->company, webhook)); /* the document says 201 */
}

void ic_webhooks_update(ic_exchange *x) {
    ic_webhook *webhook = webhook_find(x);
    if (!webhook || !webhook_check_request(x, webhook)) return;
    const cJSON *events = ic_json_member(x->body, "events");
    const char *status = ic_json_string(x->body, "status"), *target = ic_json_string(x->body, "targetURL");
    cJSON *new_events = events ? cJSON_Duplicate(events, true) : NULL;
    char *new_target = ic_strdup(target);
    if ((events && !new_events) || (target && !new_target)) {
        cJSON_Delete(new_events);
        ic_free(new_target);
        ic_reply_no_memory(x);
        return;
    }
    if (events) {
        cJSON_Delete(webhook->events);
        webhook->events = new_events;
    }
    if (target) ic_webhook_change_target(x->company, webhook, new_target);
    if (status) ic_webhook_set_status(x->company, webhook, status, x->user);
    if (!ic_webhook_is_enabled(webhook)) ic_outbox_drop(x->company, webhook);
    ic_reply_json(x, 200, webhook_view(x->company, webhook));
}

void ic_webhooks_delete(ic_exchange *x) {
    ic_webhook *webhook = webhook_find(x);
    if (!webhook) return;
    ic_outbox_drop(x->company, webhook);
    ic_webhook_remove(x->company, webhook);
    ic_reply_nothing(x);
}

/* --- the key --- */

/* The public half as PEM. NULL: no memory. */
static ic_blob *webhook_public_key_pem(EVP_PKEY *key) {
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;
    if (out && PEM_write_bio_PUBKEY(out, key) == 1) length = BIO_get_mem_data(out, &text);
    char *copy = length > 0 ? ic_strndup(text, (size_t)length) : NULL;
    BIO_free(out);
    return copy ? ic_blob_new(copy, (size_t)length) : NULL;
}

void ic_webhooks_key(ic_exchange *x) {
    EVP_PKEY *key = ic_company_webhook_key(x->company);
    ic_blob *pem = key ? webhook_public_key_pem(key) : NULL;
    if (pem)
        ic_reply_file(x, pem, "application/x-pem-file; charset=utf-8");
    else
        ic_reply_no_memory(x);
    ic_blob_release(pem);
}

/* --- all of them --- */

void ic_webhooks_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->webhooks, ic_webhook *, ic_webhook_free);
    IC_ARRAY_FREE_ALL(&company->integrations, ic_webhook *, ic_webhook_free);
    ic_outbox_free(company);
    EVP_PKEY_free(company->webhook_key);
}
