#include "sandbox/webhooks/outbox.h"
#include "core/base/alloc.h"
#include "sandbox/webhooks/target.h"
#include <openssl/evp.h>
#include <string.h>

bool ic_outbox_open(ic_company *company, pthread_mutex_t *lock, ic_delivery_targets targets,
                    const char *ca_file) {
    ic_outbox *outbox = ic_calloc(1, sizeof *outbox);
    if (!outbox) return false;
    *outbox = (ic_outbox){.copies = 1, .at_once = 1, .targets = targets, .lock = lock};
    outbox->ca_file = ic_strdup(ca_file);
    company->outbox = outbox;
    return outbox->ca_file || !ca_file;
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

void ic_outbox_wake(ic_company *company) {
    ic_outbox *outbox = company->outbox;
    if (outbox && outbox->alarm && outbox->open < outbox->items.count) outbox->alarm(outbox->sender);
}

/* Removes the older half of the finished deliveries. */
static void outbox_make_room(ic_outbox *outbox) {
    size_t finished = 0, kept = 0;
    for (size_t i = 0; i < outbox->items.count; i++)
        finished += !ic_delivery_is_open(outbox_at(outbox, i));
    size_t removed = (finished + 1) / 2;
    for (size_t i = 0; i < outbox->items.count; i++) {
        ic_delivery *delivery = outbox_at(outbox, i);
        if (removed && !ic_delivery_is_open(delivery)) {
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
    for (unsigned i = 1; i < outbox->copies && !now && ic_delivery_is_open(delivery); i++) {
        ic_delivery *copy = ic_delivery_copy(delivery);
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
        ic_delivery *copy = ic_delivery_copy(delivery);
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

void ic_outbox_set_alarm(ic_company *company, ic_outbox_alarm *alarm, struct ic_sender *sender) {
    company->outbox->alarm = alarm;
    company->outbox->sender = sender;
}

static void outbox_skip_finished(ic_outbox *outbox) {
    while (outbox->open < outbox->items.count && !ic_delivery_is_open(outbox_at(outbox, outbox->open)))
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
        if (!webhook->provider && ic_webhook_note(company, webhook, success, status == IC_STATUS_GONE))
            ic_outbox_drop(company, webhook);
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
