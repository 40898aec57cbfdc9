#include "sandbox/webhooks/outbox_view.h"
#include "sandbox/base/build.h"
#include "sandbox/webhooks/outbox.h"
#include "sandbox/webhooks/signature.h"

static bool outbox_waits(const ic_company *company, const ic_delivery *delivery) {
    return delivery->state == IC_DELIVERY_PENDING && delivery->due > ic_company_now(company);
}

/* The headers that say what it is, as sender.c sends them. The token of an integration is not shown. */
static void outbox_put_headers(ic_company *company, ic_delivery *delivery, cJSON *headers) {
    bool has_body = delivery->method ? *delivery->body != '\0' : !delivery->by_get;
    if (has_body) ic_put_text(headers, "Content-Type", ic_delivery_type(delivery));
    if (delivery->clickwrap) return;
    const char *verification = ic_delivery_is_open(delivery) || !delivery->verification
                                   ? ic_delivery_sign(company, delivery)
                                   : delivery->verification;
    if (!delivery->method) ic_put_text(headers, "X-Ironclad-Webhook-Event-Id", delivery->event_id);
    if (!verification || *verification) ic_put_text(headers, ic_delivery_header(delivery), verification);
}

static cJSON *outbox_view(ic_company *company, ic_delivery *delivery) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", delivery->event_id);
    ic_put_text(view, "url", delivery->target);
    ic_put_text(view, "event", delivery->event);
    ic_put_text(view, "webhook", delivery->webhook);
    if (delivery->method) ic_put_text(view, "method", delivery->method);
    outbox_put_headers(company, delivery, ic_put(view, "headers", cJSON_CreateObject()));
    ic_put_text(view, "body", delivery->body);
    ic_put_text(view, "state", ic_delivery_state_names[delivery->state]);
    ic_put_number(view, "attempts", delivery->attempts);
    if (delivery->status) ic_put_number(view, "status", delivery->status);
    if (delivery->error) ic_put_text(view, "error", delivery->error);
    if (outbox_waits(company, delivery)) ic_put_text(view, "next", ic_time_print(delivery->due).text);
    return view;
}

cJSON *ic_outbox_view(ic_company *company) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < company->outbox->items.count; i++)
        ic_append(list, outbox_view(company, company->outbox->items.items[i]));
    return list;
}

cJSON *ic_outbox_status(ic_company *company) {
    const ic_outbox *outbox = company->outbox;
    ic_time next = IC_TIME_NONE;
    size_t counts[IC_DELIVERY_STATE_COUNT] = {0}, waiting = 0;
    for (size_t i = 0; i < outbox->items.count; i++) {
        const ic_delivery *delivery = outbox->items.items[i];
        counts[delivery->state]++;
        if (!outbox_waits(company, delivery)) continue;
        waiting++;
        if (next == IC_TIME_NONE || delivery->due < next) next = delivery->due;
    }
    cJSON *view = cJSON_CreateObject();
    ic_put_bool(view, "settled", !outbox->sending && counts[IC_DELIVERY_PENDING] == waiting);
    for (int i = 0; i < IC_DELIVERY_STATE_COUNT; i++)
        ic_put_number(view, ic_delivery_state_names[i], (double)counts[i]);
    ic_put_number(view, "refused", (double)outbox->refused);
    if (next == IC_TIME_NONE) return view;
    ic_put_text(view, "next", ic_time_print(next).text);
    ic_put_number(view, "next_in", (double)(next - ic_company_now(company)) / 1000);
    return view;
}
