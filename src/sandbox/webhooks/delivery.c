#include "sandbox/webhooks/delivery.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <string.h>

#define X(constant, name, open) name,
const char *const ic_delivery_state_names[] = {IC_DELIVERY_STATES(X)};
#undef X
#define X(constant, name, open) open,
static const bool delivery_open_states[] = {IC_DELIVERY_STATES(X)};
#undef X

void ic_delivery_free(ic_delivery *delivery) {
    ic_free(delivery->event_id);
    ic_free(delivery->event);
    ic_free(delivery->target);
    ic_free(delivery->body);
    ic_free(delivery->signed_body);
    ic_free(delivery->verification);
    ic_free(delivery->token);
    ic_free(delivery->error);
    ic_free(delivery);
}

ic_delivery *ic_delivery_new(ic_company *company, const ic_webhook *webhook, const char *event,
                             const char *id, const char *body) {
    ic_delivery *delivery = ic_calloc(1, sizeof *delivery);
    if (!delivery) return NULL;
    ic_uuid new_id;
    if (!id) ic_new_uuid(company, new_id);
    ic_random_hex(company, delivery->nonce, sizeof delivery->nonce - 1);
    memcpy(delivery->webhook, webhook->id, sizeof delivery->webhook);
    delivery->algorithm = "sha256";
    delivery->event_id = ic_strdup(id ? id : new_id);
    delivery->event = ic_strdup(event);
    delivery->target = ic_strdup(webhook->target);
    delivery->body = ic_strdup(body);
    delivery->clickwrap = webhook->clickwrap;
    delivery->by_get = webhook->by_get;
    delivery->token = ic_strdup(webhook->token);
    if (delivery->event_id && delivery->event && delivery->target && delivery->body &&
        (delivery->token || !webhook->token))
        return delivery;
    ic_delivery_free(delivery);
    return NULL;
}

ic_delivery *ic_delivery_copy(const ic_delivery *source) {
    ic_delivery *copy = ic_malloc(sizeof *copy);
    if (!copy) return NULL;
    *copy = *source;
    copy->event_id = ic_strdup(source->event_id);
    copy->event = ic_strdup(source->event);
    copy->target = ic_strdup(source->target);
    copy->body = ic_strdup(source->body);
    copy->signed_body = ic_strdup(source->signed_body);
    copy->verification = ic_strdup(source->verification);
    copy->token = ic_strdup(source->token);
    copy->error = NULL;
    copy->attempts = copy->status = 0;
    if (copy->event_id && copy->event && copy->target && copy->body &&
        (copy->signed_body || !source->signed_body) && (copy->verification || !source->verification) &&
        (copy->token || !source->token))
        return copy;
    ic_delivery_free(copy);
    return NULL;
}

const char *ic_delivery_type(const ic_delivery *delivery) {
    return ic_text_starts(delivery->body, "--" IC_PROVIDER_BOUNDARY)
               ? "multipart/form-data; boundary=" IC_PROVIDER_BOUNDARY
               : "application/json";
}

const char *ic_delivery_header(const ic_delivery *delivery) {
    return delivery->method ? "X-Ironclad-Request-Signature" : "X-Ironclad-Webhook-Verification";
}

bool ic_delivery_is_open(const ic_delivery *delivery) {
    return delivery_open_states[delivery->state];
}
