#include "sandbox/webhooks/webhook.h"
#include "core/base/alloc.h"
#include <string.h>

ic_webhook *ic_webhook_find(const ic_company *company, const char *id) {
    const ic_array *const lists[] = {&company->webhooks, &company->integrations};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            ic_webhook *webhook = lists[i]->items[k];
            if (strcmp(webhook->id, id) == 0) return webhook;
        }
    return NULL;
}

/* Targets are unique, so no two webhooks compare as equal. */
static int webhook_by_target(const void *a, const void *b) {
    return strcmp(((const ic_webhook *)a)->target, ((const ic_webhook *)b)->target);
}

void ic_webhook_set_status(const ic_company *company, ic_webhook *webhook, const char *status,
                           const ic_user *by) {
    webhook->status = strcmp(status, "disabled") == 0 ? "disabled" : "enabled";
    webhook->status_changed = ic_company_now(company);
    memcpy(webhook->changed_by, by->id, sizeof webhook->changed_by);
    webhook->failures = 0;
}

bool ic_webhook_is_enabled(const ic_webhook *webhook) {
    return strcmp(webhook->status, "enabled") == 0;
}

bool ic_webhook_note(const ic_company *company, ic_webhook *webhook, bool success, bool gone) {
    ic_time now = ic_company_now(company);
    if (success) webhook->failures = 0;
    if (success || !ic_webhook_is_enabled(webhook)) return false;
    if (!webhook->failures++) webhook->first_failure = now;
    if (!gone &&
        (webhook->failures < IC_WEBHOOK_FAILURES || now - webhook->first_failure < IC_WEBHOOK_FAILURE_TIME))
        return false;
    webhook->status = "disabledBySystem";
    webhook->status_changed = now;
    strcpy(webhook->changed_by, "system");
    return true;
}

void ic_webhook_free(ic_webhook *webhook) {
    ic_free(webhook->target);
    ic_free(webhook->token);
    cJSON_Delete(webhook->events);
    ic_free(webhook);
}

ic_webhook *ic_integration_new(ic_company *company, const char *target, const cJSON *events,
                               const char *token, bool by_get) {
    ic_webhook *webhook = ic_calloc(1, sizeof *webhook);
    if (!webhook) return NULL;
    ic_new_object_id(company, webhook->id);
    webhook->clickwrap = true;
    webhook->by_get = by_get;
    webhook->status = "enabled";
    webhook->target = ic_strdup(target);
    webhook->events = cJSON_Duplicate(events, true);
    webhook->token = ic_strdup(token);
    if (webhook->target && webhook->events && (webhook->token || !token) &&
        ic_array_push(&company->integrations, webhook))
        return webhook;
    ic_webhook_free(webhook);
    return NULL;
}

ic_webhook *ic_provider_at(ic_company *company, const char *url) {
    for (size_t i = 0; i < company->integrations.count; i++) {
        ic_webhook *webhook = company->integrations.items[i];
        if (webhook->provider && strcmp(webhook->target, url) == 0) return webhook;
    }
    cJSON *none = cJSON_CreateArray();
    ic_webhook *webhook = none ? ic_integration_new(company, url, none, NULL, false) : NULL;
    cJSON_Delete(none);
    if (webhook) webhook->clickwrap = false, webhook->provider = true;
    return webhook;
}

ic_webhook *ic_webhook_new(ic_company *company, const char *target, const cJSON *events, const ic_user *by) {
    ic_webhook *webhook = ic_calloc(1, sizeof *webhook);
    if (!webhook) return NULL;
    ic_new_object_id(company, webhook->id);
    webhook->target = ic_strdup(target);
    webhook->events = cJSON_Duplicate(events, true);
    webhook->grant = "clientCredentials";
    ic_webhook_set_status(company, webhook, "enabled", by);
    if (webhook->target && webhook->events && ic_array_insert(&company->webhooks, webhook, webhook_by_target))
        return webhook;
    ic_webhook_free(webhook);
    return NULL;
}

void ic_webhook_change_target(ic_company *company, ic_webhook *webhook, char *target) {
    ic_array_remove(&company->webhooks, webhook, webhook_by_target);
    ic_free(webhook->target);
    webhook->target = target;
    ic_array_insert(&company->webhooks, webhook,
                    webhook_by_target); /* cannot fail: the list keeps its capacity */
}

void ic_webhook_remove(ic_company *company, ic_webhook *webhook) {
    ic_array_remove(&company->webhooks, webhook, webhook_by_target);
    ic_webhook_free(webhook);
}
