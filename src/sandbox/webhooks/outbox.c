#include "sandbox/webhooks/outbox.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/base/build.h"
#include "sandbox/webhooks/provider.h"
#include "sandbox/webhooks/sender.h"
#include "sandbox/webhooks/signature.h"
#include <openssl/evp.h>
#include <string.h>

#define X(constant, name, open) name,
const char *const ic_delivery_state_names[] = {IC_DELIVERY_STATES(X)};
#undef X
#define X(constant, name, open) open,
static const bool outbox_open_states[] = {IC_DELIVERY_STATES(X)};
#undef X

/* --- a delivery --- */

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
    delivery->algorithm = ic_signature_algorithm("sha256");
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

/* A new delivery of the same event, not sent yet. NULL: no memory. */
static ic_delivery *outbox_copy(const ic_delivery *source) {
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

/* --- the outbox --- */

bool ic_outbox_open(ic_company *company, pthread_mutex_t *lock, ic_delivery_targets targets,
                    const char *ca_file) {
    ic_outbox *outbox = ic_calloc(1, sizeof *outbox);
    if (!outbox) return false;
    *outbox = (ic_outbox){.copies = 1, .at_once = 1, .targets = targets, .lock = lock};
    outbox->ca_file = ic_strdup(ca_file);
    company->outbox = outbox;
    return outbox->ca_file || !ca_file;
}

void ic_outbox_stop(ic_company *company) {
    ic_outbox *outbox = company->outbox;
    if (!outbox) return;
    pthread_mutex_lock(outbox->lock);
    ic_sender *sender = outbox->sender;
    outbox->sender = NULL;
    outbox->stopped = true;
    pthread_mutex_unlock(outbox->lock);
    if (sender) ic_sender_stop(sender);
}

void ic_outbox_free(ic_company *company) {
    ic_outbox *outbox = company->outbox;
    if (!outbox) return;
    IC_ARRAY_FREE_ALL(&outbox->items, ic_delivery *, ic_delivery_free);
    EVP_PKEY_free(outbox->other_key);
    ic_free(outbox->ca_file);
    ic_free(outbox);
    company->outbox = NULL;
}

static ic_delivery *outbox_at(const ic_outbox *outbox, size_t i) {
    return outbox->items.items[i];
}

static bool outbox_is_open(const ic_delivery *delivery) {
    return outbox_open_states[delivery->state];
}

/* The thread starts with the first delivery that is sent. */
void ic_outbox_wake(ic_company *company) {
    ic_outbox *outbox = company->outbox;
    if (!outbox || outbox->stopped || outbox->open == outbox->items.count) return;
    if (!outbox->sender) outbox->sender = ic_sender_start(company);
    if (outbox->sender) ic_sender_wake(outbox->sender);
}

/* Removes the older half of the finished deliveries. */
static void outbox_make_room(ic_outbox *outbox) {
    size_t finished = 0, kept = 0;
    for (size_t i = 0; i < outbox->items.count; i++)
        finished += !outbox_is_open(outbox_at(outbox, i));
    size_t removed = (finished + 1) / 2;
    for (size_t i = 0; i < outbox->items.count; i++) {
        ic_delivery *delivery = outbox_at(outbox, i);
        if (removed && !outbox_is_open(delivery)) {
            removed--;
            outbox->bytes -= strlen(delivery->body);
            ic_delivery_free(delivery);
        } else {
            outbox->items.items[kept++] = delivery;
        }
    }
    outbox->items.count = kept;
    outbox->open = 0;
}

/* Appends it. false: no memory or no space, and the caller keeps it. */
static bool outbox_append(ic_outbox *outbox, ic_delivery *delivery) {
    size_t bytes = strlen(delivery->body);
    if (outbox->items.count >= IC_DELIVERIES_MAX || outbox->bytes + bytes > IC_DELIVERY_BYTES_MAX)
        outbox_make_room(outbox);
    if (outbox->items.count >= IC_DELIVERIES_MAX || outbox->bytes + bytes > IC_DELIVERY_BYTES_MAX ||
        !ic_array_push(&outbox->items, delivery)) {
        outbox->refused++;
        return false;
    }
    outbox->bytes += bytes;
    delivery->number = ++outbox->last_number;
    return true;
}

static bool outbox_sends_to(const ic_outbox *outbox, const char *target) {
    return outbox->targets == IC_TARGETS_ANY ||
           (outbox->targets == IC_TARGETS_LOCAL && ic_target_is_local(target));
}

bool ic_outbox_add(ic_company *company, ic_delivery *delivery, bool now) {
    ic_outbox *outbox = company->outbox;
    delivery->due = ic_company_now(company) + (now ? 0 : (ic_time)(outbox->delay * 1000));
    delivery->state = !outbox_sends_to(outbox, delivery->target) ? IC_DELIVERY_NOT_SENT
                      : outbox->held && !now                     ? IC_DELIVERY_HELD
                                                                 : IC_DELIVERY_PENDING;
    if (!outbox_append(outbox, delivery)) {
        ic_delivery_free(delivery);
        return false;
    }
    bool done = true;
    for (unsigned i = 1; i < outbox->copies && !now && outbox_is_open(delivery); i++) {
        ic_delivery *copy = outbox_copy(delivery);
        bool added = copy && outbox_append(outbox, copy);
        if (copy && !added) ic_delivery_free(copy);
        done = done && added;
    }
    ic_outbox_wake(company);
    return done;
}

bool ic_outbox_repeat(ic_company *company, const ic_delivery *delivery, size_t times, bool at_once) {
    bool done = true;
    for (size_t i = 0; i < times && done; i++) {
        ic_delivery *copy = outbox_copy(delivery);
        if (copy) copy->at_once = at_once;
        done = copy && ic_outbox_add(company, copy, true);
    }
    return done;
}

ic_delivery *ic_outbox_find(const ic_company *company, const char *event_id) {
    const ic_outbox *outbox = company->outbox;
    for (size_t i = outbox->items.count; i > 0; i--)
        if (strcmp(outbox_at(outbox, i - 1)->event_id, event_id) == 0) return outbox_at(outbox, i - 1);
    return NULL;
}

void ic_outbox_drop(ic_company *company, const ic_webhook *webhook) {
    ic_outbox *outbox = company->outbox;
    for (size_t i = outbox ? outbox->open : 0; outbox && i < outbox->items.count; i++) {
        ic_delivery *delivery = outbox_at(outbox, i);
        if (strcmp(delivery->webhook, webhook->id) == 0 &&
            (delivery->state == IC_DELIVERY_PENDING || delivery->state == IC_DELIVERY_HELD))
            delivery->state = IC_DELIVERY_DROPPED;
    }
}

void ic_outbox_clear(ic_company *company) {
    ic_outbox *outbox = company->outbox;
    IC_ARRAY_FREE_ALL(&outbox->items, ic_delivery *, ic_delivery_free);
    outbox->open = outbox->bytes = outbox->refused = 0;
}

/* --- releasing --- */

/* Moves the delivery at index i to the end of the list, where it waits for its turn. */
static void outbox_release_at(ic_outbox *outbox, size_t i, ic_time now) {
    ic_delivery *delivery = outbox_at(outbox, i);
    void **at = &outbox->items.items[i];
    memmove(at, at + 1, (outbox->items.count - i - 1) * sizeof *at);
    outbox->items.items[outbox->items.count - 1] = delivery;
    delivery->number = ++outbox->last_number;
    delivery->state = IC_DELIVERY_PENDING;
    if (delivery->due < now) delivery->due = now;
}

/* Those of one event, or with NULL all, in their order. */
static size_t outbox_release(ic_outbox *outbox, const char *id, ic_time now) {
    size_t count = 0, end = outbox->items.count;
    for (size_t i = 0; i < end;) {
        const ic_delivery *delivery = outbox_at(outbox, i);
        if (delivery->state == IC_DELIVERY_HELD && (!id || strcmp(delivery->event_id, id) == 0)) {
            outbox_release_at(outbox, i, now);
            end--; /* the next is now at i, and those at the end are released */
            count++;
        } else {
            i++;
        }
    }
    return count;
}

static size_t outbox_release_reversed(ic_outbox *outbox, ic_time now) {
    size_t count = 0;
    for (size_t i = outbox->items.count; i > 0; i--) {
        if (outbox_at(outbox, i - 1)->state != IC_DELIVERY_HELD) continue;
        outbox_release_at(outbox, i - 1, now);
        count++;
    }
    return count;
}

size_t ic_outbox_release(ic_company *company, const cJSON *ids, bool reverse) {
    ic_outbox *outbox = company->outbox;
    ic_time now = ic_company_now(company);
    size_t count = 0;
    if (ids) {
        const cJSON *id;
        cJSON_ArrayForEach(id, ids) count += outbox_release(outbox, id->valuestring, now);
    } else {
        count = reverse ? outbox_release_reversed(outbox, now) : outbox_release(outbox, NULL, now);
        outbox->held = false;
    }
    ic_outbox_wake(company);
    return count;
}

/* --- for the sender --- */

static void outbox_skip_finished(ic_outbox *outbox) {
    while (outbox->open < outbox->items.count && !outbox_is_open(outbox_at(outbox, outbox->open)))
        outbox->open++;
}

ic_delivery *ic_outbox_take(ic_company *company, ic_time *next) {
    ic_outbox *outbox = company->outbox;
    ic_time now = ic_company_now(company);
    outbox_skip_finished(outbox);
    *next = IC_TIME_NONE;
    for (size_t i = outbox->open; i < outbox->items.count; i++) {
        ic_delivery *delivery = outbox_at(outbox, i);
        if (delivery->state != IC_DELIVERY_PENDING) continue;
        if (delivery->due > now) {
            if (*next == IC_TIME_NONE || delivery->due < *next) *next = delivery->due;
            continue;
        }
        ic_webhook *webhook = ic_webhook_find(company, delivery->webhook);
        if (!webhook || (webhook->sending >= outbox->at_once && !delivery->at_once)) continue;
        webhook->sending++;
        outbox->sending++;
        delivery->state = IC_DELIVERY_SENDING;
        return delivery;
    }
    return NULL;
}

/* The list is sorted by number. */
static ic_delivery *outbox_find_number(const ic_outbox *outbox, uint64_t number) {
    size_t low = 0, high = outbox->items.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (outbox_at(outbox, middle)->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < outbox->items.count && outbox_at(outbox, low)->number == number ? outbox_at(outbox, low)
                                                                                 : NULL;
}

static void outbox_note(ic_delivery *delivery, unsigned status, const char *error) {
    delivery->attempts++;
    delivery->status = status;
    ic_free(delivery->error);
    delivery->error = ic_strdup(error);
}

static bool outbox_is_success(unsigned status) {
    return status >= 200 && status <= 299;
}

void ic_outbox_done(ic_company *company, uint64_t number, const char *webhook_id, unsigned status,
                    const char *error) {
    ic_outbox *outbox = company->outbox;
    ic_delivery *delivery = outbox_find_number(outbox, number);
    ic_webhook *webhook = ic_webhook_find(company, webhook_id);
    bool success = outbox_is_success(status);
    outbox->sending--;
    if (webhook) {
        webhook->sending--;
        if (!webhook->provider) ic_webhook_note(company, webhook, success, status == IC_STATUS_GONE);
    }
    if (!delivery) return;
    outbox_note(delivery, status, error);
    if (success)
        delivery->state = IC_DELIVERY_DELIVERED;
    else if (status == IC_STATUS_GONE || delivery->method || delivery->attempts > IC_DELIVERY_RETRIES)
        delivery->state = IC_DELIVERY_FAILED;
    else if (!webhook || !ic_webhook_is_enabled(webhook))
        delivery->state = IC_DELIVERY_DROPPED;
    else
        delivery->state = IC_DELIVERY_PENDING;
    delivery->due = ic_company_now(company) + (IC_DELIVERY_FIRST_PAUSE << (delivery->attempts - 1));
}

/* --- for controls --- */

static bool outbox_waits(const ic_company *company, const ic_delivery *delivery) {
    return delivery->state == IC_DELIVERY_PENDING && delivery->due > ic_company_now(company);
}

/* The headers that say what it is, as sender.c sends them. The token of an integration is not shown. */
static void outbox_put_headers(ic_company *company, ic_delivery *delivery, cJSON *headers) {
    bool has_body = delivery->method ? *delivery->body != '\0' : !delivery->by_get;
    if (has_body) ic_put_text(headers, "Content-Type", ic_delivery_type(delivery));
    if (delivery->clickwrap) return;
    const char *verification = outbox_is_open(delivery) || !delivery->verification
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
        ic_append(list, outbox_view(company, outbox_at(company->outbox, i)));
    return list;
}

cJSON *ic_outbox_status(ic_company *company) {
    const ic_outbox *outbox = company->outbox;
    ic_time next = IC_TIME_NONE;
    size_t counts[IC_DELIVERY_STATE_COUNT] = {0}, waiting = 0;
    for (size_t i = 0; i < outbox->items.count; i++) {
        const ic_delivery *delivery = outbox_at(outbox, i);
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
