/* The outbox with every allocation failing in turn: a delivery is made whole or not at all, and nothing is
 * lost. And its limits: how many deliveries, how many bytes, which are removed first. No thread is started,
 * because nothing is sent. */
#include "core/base/alloc.h"
#include "sandbox/service/service.h"
#include "sandbox/webhooks/events.h"
#include "sandbox/webhooks/outbox_view.h"
#include "sandbox/webhooks/signature.h"
#include "sandbox/webhooks/webhook_key.h"
#include "spec/core/check.h"
#include <curl/curl.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ic_webhook *add_webhook(ic_company *company, const char *target) {
    static const ic_user user = {.id = "5f0375c4cdc1927a3c5ed101"};
    cJSON *events = cJSON_CreateArray();
    cJSON_AddItemToArray(events, cJSON_CreateString("*"));
    ic_webhook *webhook = ic_webhook_new(company, target, events, &user);
    cJSON_Delete(events);
    return webhook;
}

/* With the lock, and without a sender. */
static ic_company *new_company(ic_webhook **webhook) {
    ic_company *company = ic_company_new(ic_service_ends);
    ic_company_seed(company, 7);
    ic_outbox_open(company, &lock, IC_TARGETS_LOCAL, NULL);
    pthread_mutex_lock(&lock);
    *webhook = add_webhook(company, "https://hooks.example/");
    return company;
}

static void end_company(ic_company *company) {
    pthread_mutex_unlock(&lock);
    ic_company_free(company);
}

static ic_event new_event(const char *name) {
    cJSON *payload = cJSON_CreateObject();
    cJSON_AddStringToObject(payload, "workflowID", "w");
    return (ic_event){.name = name, .payload = payload};
}

static void free_view(cJSON *view, const char *wanted) {
    char *text = ic_json_print(view);
    if (wanted) CHECK(text && strstr(text, wanted) != NULL);
    ic_json_text_free(text);
    cJSON_Delete(view);
}

/* Whatever is made is whole: it can be shown, and its copy has the same id. */
static void check_whole(ic_company *company) {
    for (size_t i = 0; i < company->outbox->items.count; i++) {
        const ic_delivery *delivery = company->outbox->items.items[i];
        CHECK(delivery->event_id && delivery->event && delivery->target && delivery->body);
        CHECK(ic_outbox_find(company, delivery->event_id) != NULL);
    }
}

static void use_outbox(ic_company *company, ic_webhook *webhook) {
    static const ic_event_changes changes = {.id = "an id", .pretty = true, .forgery = "body"};
    ic_event event = new_event("workflow_launched");
    ic_event_emit(company, &event, NULL);
    event = new_event("workflow_completed");
    const ic_delivery *sent = ic_event_send(company, &event, webhook, &changes);
    if (sent) ic_outbox_repeat(company, sent, 2, true);
    ic_outbox_release(company, NULL, true);
    cJSON_Delete(ic_outbox_view(company));
    cJSON_Delete(ic_outbox_status(company));
}

static void test_memory(void) {
    ic_webhook *webhook;
    ic_company *company = new_company(&webhook);
    company->outbox->held = true;
    ic_company_webhook_key(company); /* OpenSSL's memory is its own */
    bool whole = false;
    for (long nth = 1; !whole && nth < 1000; nth++) {
        ic_outbox_clear(company);
        long live = ic_alloc_live();
        ic_alloc_fail_only(nth);
        use_outbox(company, webhook);
        ic_alloc_fail_only(0);
        check_whole(company);
        whole = company->outbox->items.count == 4;
        ic_outbox_clear(company);
        CHECK(ic_alloc_live() <= live + 1); /* the list may keep its capacity */
    }
    CHECK(whole);
    end_company(company);
}

static void test_limits(void) {
    ic_webhook *webhook;
    ic_company *company = new_company(&webhook);
    for (int i = 0; i < IC_DELIVERIES_MAX + 1; i++) {
        ic_event event = new_event("a");
        CHECK(ic_event_emit(company, &event, NULL) == 1);
    }
    CHECK(company->outbox->items.count == IC_DELIVERIES_MAX / 2 + 1);
    ic_outbox_clear(company);
    CHECK(company->outbox->bytes == 0);

    size_t size = IC_DELIVERY_BODY_MAX;
    char *body = ic_malloc(size + 1);
    memset(body, 'x', size);
    body[size] = '\0';
    for (int i = 0; i < 40; i++) {
        ic_event event = new_event("a");
        CHECK(ic_event_send(company, &event, webhook, &(ic_event_changes){.body = body}) != NULL);
        CHECK(company->outbox->bytes <= IC_DELIVERY_BYTES_MAX);
    }
    ic_free(body);
    end_company(company);
}

/* Deliveries that are still to be sent are kept, and no more are made. */
static void test_open_ones_stay(void) {
    ic_webhook *webhook;
    ic_company *company = new_company(&webhook);
    ic_webhook *local = add_webhook(company, "http://127.0.0.1:9/");
    for (int i = 0; i < IC_DELIVERIES_MAX + 5; i++) {
        ic_event event = new_event("a");
        ic_event_emit(company, &event, local);
    }
    CHECK(company->outbox->items.count == IC_DELIVERIES_MAX && company->outbox->refused == 5);
    free_view(ic_outbox_status(company), "\"settled\":false,\"pending\":10000");
    ic_time next;
    ic_delivery *first = ic_outbox_take(company, &next);
    CHECK(first && first->number == 1);
    CHECK(ic_outbox_take(company, &next) == NULL); /* one at a time to one webhook */
    ic_outbox_done(company, first->number, local->id, 200, NULL);
    CHECK(first->state == IC_DELIVERY_DELIVERED && local->failures == 0);
    ic_outbox_drop(company, local);
    free_view(ic_outbox_status(company), "\"settled\":true,\"pending\":0");
    end_company(company);
}

int main(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    test_memory();
    test_limits();
    test_open_ones_stay();
    curl_global_cleanup();
    return check_done("outbox");
}
