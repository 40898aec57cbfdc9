/* Blocks of permits, taken by the script ACQUIRE (scripts.def). A block must be used within a second, because
 * Redis counts its permits from when it was taken. */
#include "core/engine/shared_permits.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "core/engine/stats.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Seconds. */
#define BLOCK_TIME   0.8  /* within which the permits of a block must be used */
#define MARGIN       1.0  /* how much longer than the window a permit counts; at least BLOCK_TIME */
#define ANSWER_TIME  1.0  /* for Redis to answer */
#define LOOK_AGAIN   0.02 /* a call waits for Redis's answer, and at most so long before it asks again */
#define ALONE_TIME   3.0  /* after a failure of Redis, until it is asked again */
#define LONGEST_WAIT 2.0  /* until a machine that waits asks again, so that it keeps its place */

#define TELL_TIME 60.0 /* seconds in which it tries to publish a limit to the other machines */

/* Milliseconds that Redis keeps a published limit. Questions of machines that know it renew it. */
#define LIMIT_TIME "86400000"

/* Permits of a block: a part of the limit, so that the machines share a small one evenly. */
#define BLOCK_PART 50

#define MACHINE_SIZE 17 /* 16 hexadecimal digits and a NUL */

typedef struct block {
    struct ic_shared_permits *permits;
    ic_bucket bucket;
    double requests; /* the limit when it was asked for */
    double told;     /* the limit that was published to the other machines; 0: none */
    double asked;    /* when it was asked for */
    size_t held;     /* permits that are not used yet */
    double until;    /* … and must be by then */
    double free_at;  /* when there may be permits again; 0: now */
    double again;    /* when to ask again; 0: at once */
    char slot[IC_SLOT_SIZE];
    ic_link_command *command; /* the question under way, or NULL */
    ic_timer timer;           /* gives back what was not used in time */
} block;

struct ic_shared_permits {
    ic_engine *engine;
    ic_shared *shared;
    ic_shared_permits_news *news;
    void *owner;
    char *prefix;     /* owned; of its keys */
    bool has_company; /* whether the company's limit counts, too */
    char machine[MACHINE_SIZE];
    double alone_until;
    block blocks[IC_BUCKET_COUNT];
};

/* ---- keys ---- */

enum { KEY_LOG, KEY_COMPANY, KEY_WAITING, KEY_ASKED, KEY_CLOSED, KEY_LIMIT, KEY_GRANTED, KEY_COUNT };

/* Writes the keys of a bucket into `keys`, each with a NUL. False when out of memory. */
static bool permits_keys(const block *block, ic_buf *keys, const char *words[KEY_COUNT]) {
    static const char *const names[] = {"permits", "permits", "waiting", "asked",
                                        "closed",  "limit",   "granted"};
    size_t starts[KEY_COUNT];
    for (int i = 0; i < KEY_COUNT; i++) {
        const char *bucket = i == KEY_COMPANY ? "company" : ic_bucket_name(block->bucket);
        starts[i] = keys->length;
        ic_buf_printf(keys, "%s%s:%s", block->permits->prefix, names[i], bucket);
        ic_buf_putc(keys, '\0');
    }
    for (int i = 0; i < KEY_COUNT && !keys->failed; i++)
        words[i] = keys->data + starts[i];
    return !keys->failed;
}

/* ---- giving back ---- */

static void permits_give_back(block *block, double now) {
    ic_timer_unset(&block->permits->engine->timers, &block->timer);
    ic_buf keys = {0};
    const char *words[KEY_COUNT], *given[6];
    char count[24];
    ic_script script = ic_script_of(IC_SCRIPT_GIVE_BACK);
    size_t held = block->held;
    ic_stats_add(IC_COUNT_RETURNED, held);
    block->held = 0;
    if (!held || !permits_keys(block, &keys, words)) {
        ic_buf_free(&keys);
        return;
    }
    snprintf(count, sizeof count, "%zu", held);
    given[0] = words[KEY_LOG];
    given[1] = words[KEY_COMPANY];
    given[2] = words[KEY_GRANTED];
    given[3] = block->slot;
    given[4] = count;
    given[5] = block->permits->machine;
    /* When this fails, the permits count until their window has passed. */
    ic_link_run(block->permits->shared->link, &script, given, NULL, 6, false, now, now + ANSWER_TIME, NULL,
                NULL);
    ic_buf_free(&keys);
}

static void permits_on_timer(void *engine, void *owner, double now) {
    (void)engine;
    permits_give_back(owner, now);
}

/* ---- asking ---- */

/* {granted, milliseconds to wait, slot} */
static void permits_on_answer(void *owner, ic_reply *reply, const ic_error *error) {
    block *block = owner;
    ic_shared_permits *permits = block->permits;
    double now = ic_now();
    block->command = NULL;
    if (error) {
        permits->alone_until = now + ALONE_TIME;
    } else {
        const ic_reply *slot = ic_reply_item(reply, 2);
        long long granted = ic_reply_integer(ic_reply_item(reply, 0), 0);
        double wait = (double)ic_reply_integer(ic_reply_item(reply, 1), 0) / 1000;
        block->held = granted > 0 ? (size_t)granted : 0;
        if (block->held) ic_stats_count(IC_COUNT_BLOCKS);
        ic_stats_add(IC_COUNT_PERMITS, block->held);
        block->until = block->asked + BLOCK_TIME;
        block->free_at = block->held ? 0 : now + fmax(wait, 0.001);
        block->again = fmin(block->free_at, now + LONGEST_WAIT);
        snprintf(block->slot, sizeof block->slot, "%s", slot->kind == IC_REPLY_TEXT ? slot->text : "");
        if (now >= block->until)
            permits_give_back(block, now); /* this process was frozen meanwhile */
        else if (block->held)
            ic_timer_set(&permits->engine->timers, &block->timer, block->until);
    }
    permits->news(permits->engine, permits->owner, block->bucket);
}

static void permits_ask(block *block, const ic_shared_limit *limit, double now) {
    ic_shared_permits *permits = block->permits;
    double seconds = ic_rate_limits[block->bucket].seconds;
    double part = fmin(fmax(floor(limit->requests / BLOCK_PART), 1), IC_SHARED_BLOCK);
    double company = permits->has_company ? IC_COMPANY_PER_MINUTE : 1e9;
    char want[24], most[24], all[24], window[24], margin[24];
    ic_buf keys = {0};
    const char *words[KEY_COUNT + 7];
    snprintf(want, sizeof want, "%.0f", fmin(fmax((double)limit->wanted, part), IC_SHARED_BLOCK));
    snprintf(most, sizeof most, "%.0f", limit->requests);
    snprintf(all, sizeof all, "%.0f", company);
    snprintf(window, sizeof window, "%.0f", seconds * 1000);
    snprintf(margin, sizeof margin, "%.0f", MARGIN * 1000);
    const char *const arguments[] = {permits->machine,       want, most, all, window, margin,
                                     limit->told ? "1" : "0"};
    memcpy(words + KEY_COUNT, arguments, sizeof arguments);
    ic_script script = ic_script_of(IC_SCRIPT_ACQUIRE);
    block->requests = limit->requests;
    block->asked = now;
    if (permits_keys(block, &keys, words))
        block->command = ic_link_run(permits->shared->link, &script, words, NULL, KEY_COUNT + 7, false, now,
                                     now + ANSWER_TIME, permits_on_answer, block);
    ic_buf_free(&keys);
}

bool ic_shared_permits_are_shared(const ic_shared_permits *permits, double now) {
    return now >= permits->alone_until && !ic_link_is_down(permits->shared->link);
}

double ic_shared_permits_acquire(ic_shared_permits *permits, ic_bucket bucket, const ic_shared_limit *limit,
                                 double now, ic_shared_permit *permit, double *again) {
    block *block = &permits->blocks[bucket];
    *again = LOOK_AGAIN;
    if (block->held && now < block->until) {
        if (--block->held == 0) ic_timer_unset(&permits->engine->timers, &block->timer);
        permit->asked = block->asked;
        memcpy(permit->slot, block->slot, sizeof permit->slot);
        return 0;
    }
    if (block->again > now) {
        *again = block->again - now;
        return block->free_at - now;
    }
    if (!block->command) permits_ask(block, limit, now);
    return LOOK_AGAIN;
}

void ic_shared_permits_told(ic_shared_permits *permits, ic_bucket bucket, double requests, double now) {
    block *block = &permits->blocks[bucket];
    ic_buf keys = {0};
    const char *words[KEY_COUNT];
    char limit[24];
    if (block->told == requests) return;
    block->told = requests;
    /* The block may have more permits than the new limit allows. */
    if (requests < block->requests) permits_give_back(block, now);
    snprintf(limit, sizeof limit, "%.0f", requests);
    if (permits_keys(block, &keys, words)) {
        const char *given[] = {"SET", words[KEY_LIMIT], limit, "PX", LIMIT_TIME};
        ic_link_send(permits->shared->link, given, NULL, 5, true, now, now + TELL_TIME, NULL, NULL);
    }
    ic_buf_free(&keys);
}

void ic_shared_permits_return(ic_shared_permits *permits, ic_bucket bucket, double now) {
    block *block = &permits->blocks[bucket];
    if (now >= block->until) return;
    if (block->held++ == 0) ic_timer_set(&permits->engine->timers, &block->timer, block->until);
}

void ic_shared_permits_used(ic_shared_permits *permits, ic_bucket bucket, ic_shared_permit *permit,
                            double now) {
    bool late = permit->asked && now > permit->asked + MARGIN;
    ic_buf keys = {0};
    const char *words[KEY_COUNT];
    char window[24], margin[24];
    ic_script script = ic_script_of(IC_SCRIPT_USED_LATE);
    permit->asked = 0;
    if (!late || !permits_keys(&permits->blocks[bucket], &keys, words)) return;
    snprintf(window, sizeof window, "%.0f", ic_rate_limits[bucket].seconds * 1000);
    snprintf(margin, sizeof margin, "%.0f", MARGIN * 1000);
    const char *given[] = {words[KEY_LOG], words[KEY_COMPANY], permit->slot, window, margin};
    ic_link_run(permits->shared->link, &script, given, NULL, 5, false, now, now + ANSWER_TIME, NULL, NULL);
    ic_buf_free(&keys);
}

void ic_shared_permits_refused(ic_shared_permits *permits, ic_bucket bucket, double seconds, double now) {
    block *block = &permits->blocks[bucket];
    ic_buf keys = {0};
    const char *words[KEY_COUNT];
    char time[24];
    ic_script script = ic_script_of(IC_SCRIPT_CLOSE);
    snprintf(time, sizeof time, "%.0f", fmax(1, fmin(seconds, ic_rate_limits[bucket].seconds) * 1000));
    permits_give_back(block, now);
    if (permits_keys(block, &keys, words)) {
        const char *given[] = {words[KEY_CLOSED], time};
        ic_link_run(permits->shared->link, &script, given, NULL, 2, false, now, now + ANSWER_TIME, NULL,
                    NULL);
    }
    ic_buf_free(&keys);
}

/* ---- the permits themselves ---- */

static void permits_release_timers(ic_shared_permits *permits, int count) {
    while (count-- > 0)
        ic_timers_release(&permits->engine->timers, &permits->blocks[count].timer);
}

static bool permits_init(ic_shared_permits *permits, ic_connection *connection, ic_counted by) {
    unsigned char bytes[(MACHINE_SIZE - 1) / 2];
    if (!ic_random_bytes(bytes, sizeof bytes)) return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(permits->machine + 2 * i, 3, "%02x", bytes[i]);
    permits->prefix = ic_connection_shared_prefix_of(connection, connection->budget_keys[by]);
    if (!permits->prefix) return false;
    for (int i = 0; i < IC_BUCKET_COUNT; i++) {
        if (!ic_timers_reserve(&permits->engine->timers)) {
            permits_release_timers(permits, i);
            return false;
        }
        permits->blocks[i] = (block){.permits = permits, .bucket = (ic_bucket)i};
        permits->blocks[i].timer = (ic_timer){.fire = permits_on_timer, .owner = &permits->blocks[i]};
    }
    return true;
}

ic_shared_permits *ic_shared_permits_new(ic_engine *engine, ic_connection *connection, ic_counted by,
                                         ic_shared_permits_news *news, void *owner, ic_error *error) {
    ic_shared *shared = ic_shared_of(engine, connection, error);
    if (!shared) return NULL;
    ic_shared_permits *permits = ic_calloc(1, sizeof *permits);
    if (permits) {
        permits->engine = engine;
        permits->shared = shared;
        permits->news = news;
        permits->owner = owner;
        permits->has_company = by == IC_COUNTED_CLIENT && connection->settings.product == IC_PRODUCT_CLM;
    }
    if (!permits || !permits_init(permits, connection, by)) {
        if (permits) ic_free(permits->prefix);
        ic_free(permits);
        ic_error_memory(error);
        return NULL;
    }
    shared->users++;
    return permits;
}

void ic_shared_permits_free(ic_shared_permits *permits) {
    if (!permits) return;
    for (int i = 0; i < IC_BUCKET_COUNT; i++) {
        permits_give_back(&permits->blocks[i], ic_now());
        if (permits->blocks[i].command) ic_link_forget(permits->blocks[i].command);
    }
    permits_release_timers(permits, IC_BUCKET_COUNT);
    permits->shared->users--;
    ic_free(permits->prefix);
    ic_free(permits);
}
