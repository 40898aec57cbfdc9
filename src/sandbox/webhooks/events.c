#include "sandbox/webhooks/events.h"
#include "core/base/alloc.h"
#include "sandbox/base/build.h"
#include "sandbox/webhooks/signature.h"
#include <string.h>

static bool event_webhook_wants(const ic_webhook *webhook, const char *event) {
    const cJSON *name;
    cJSON_ArrayForEach(name, webhook->events) {
        if (strcmp(name->valuestring, "*") == 0 || strcmp(name->valuestring, event) == 0)
            return ic_webhook_is_enabled(webhook);
    }
    return false;
}

/* The envelope. The names of a payload are sorted, as in Ironclad's. */
static cJSON *event_body(const ic_company *company, const ic_webhook *webhook, const ic_event *event,
                         const ic_event_changes *changes) {
    cJSON *body = cJSON_CreateObject();
    ic_put_text(body, "companyID", changes->company_id ? changes->company_id : company->id);
    cJSON *payload = ic_put(body, "payload", cJSON_CreateObject());
    bool named = false;
    const cJSON *member;
    cJSON_ArrayForEach(member, event->payload) {
        if (!named && strcmp(member->string, "event") > 0) named = ic_put_text(payload, "event", event->name);
        ic_put(payload, member->string, cJSON_Duplicate(member, true));
    }
    if (!named) ic_put_text(payload, "event", event->name);
    ic_put_text(body, "timestamp", ic_time_print(ic_company_now(company)).text);
    ic_put_text(body, "webhookID", changes->webhook_id ? changes->webhook_id : webhook->id);
    return body;
}

/* Printed as JSON.stringify would, or with white space. NULL: no memory. Freed with ic_json_text_free. */
static char *event_print(const cJSON *body, bool pretty) {
    return !pretty ? ic_json_print(body) : ic_whole(body) ? cJSON_Print(body) : NULL;
}

/* NULL: no memory. */
static ic_delivery *event_delivery(ic_company *company, const ic_webhook *webhook, const ic_event *event,
                                   const ic_event_changes *changes) {
    cJSON *body = event->payload ? event_body(company, webhook, event, changes) : NULL;
    char *text = body ? event_print(body, false) : NULL,
         *sent = body && changes->pretty ? event_print(body, true) : NULL;
    const char *shown = changes->body ? changes->body : sent ? sent : text;
    ic_delivery *delivery =
        text && shown ? ic_delivery_new(company, webhook, event->name, changes->id, shown) : NULL;
    if (delivery && sent && !changes->body && !(delivery->signed_body = ic_strdup(text))) {
        ic_delivery_free(delivery);
        delivery = NULL;
    }
    ic_json_text_free(text);
    ic_json_text_free(sent);
    cJSON_Delete(body);
    return delivery;
}

size_t ic_event_emit(ic_company *company, const ic_event *event, const ic_webhook *to) {
    static const ic_event_changes none = {0};
    size_t made = 0;
    for (size_t i = 0; company->outbox && i < company->webhooks.count; i++) {
        const ic_webhook *webhook = company->webhooks.items[i];
        if (to ? webhook != to : !event_webhook_wants(webhook, event->name)) continue;
        ic_delivery *delivery = event_delivery(company, webhook, event, &none);
        made += delivery && ic_outbox_add(company, delivery, false);
    }
    cJSON_Delete(event->payload);
    return made;
}

const ic_delivery *ic_event_send(ic_company *company, const ic_event *event, const ic_webhook *to,
                                 const ic_event_changes *changes) {
    ic_delivery *delivery = event_delivery(company, to, event, changes);
    cJSON_Delete(event->payload);
    if (!delivery) return NULL;
    if (changes->algorithm) delivery->algorithm = changes->algorithm;
    delivery->hex = changes->hex;
    if (changes->forgery && !ic_delivery_forge(company, delivery, changes->forgery)) {
        ic_delivery_free(delivery);
        return NULL;
    }
    return ic_outbox_add(company, delivery, true) ? delivery : NULL;
}
