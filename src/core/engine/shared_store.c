/* The steps of the shared token store, each a script in Redis (scripts.def). */
#include "core/engine/shared_store.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/platform.h"
#include "core/engine/stats.h"
#include "core/json/json.h"
#include <stdio.h>
#include <string.h>

/* Seconds. */
#define LOCK_TIME     15.0 /* how long the lock lasts unless it is extended */
#define SPENT_TIME    75.0 /* how long a holder that has sent a refresh token may take to save the new one */
#define LOCK_PAUSE    0.1  /* between two tries for the lock, on average */
#define LOCK_PATIENCE 90.0 /* until it gives up: another machine may wait for the token endpoint */
#define STEP_TIME     3.0  /* for a step: a Redis that restarts is available again by then */

/* The most keys and arguments of a script. */
#define MOST_KEYS      3
#define MOST_ARGUMENTS 7

static bool shared_store_is_personal(const ic_shared_store *store) {
    return ic_connection_is_personal(store->connection);
}

static void shared_store_end(ic_shared_store *store, const ic_error *error) {
    store->done(store->engine, store->owner, error);
}

/* A step has failed. A client with client credentials continues without Redis. */
static void shared_store_fail(ic_shared_store *store, const ic_error *error) {
    bool alone = !shared_store_is_personal(store);
    store->alone = store->alone || alone;
    shared_store_end(store, alone ? NULL : error);
}

static void shared_store_key(const ic_shared_store *store, const char *name, ic_buf *key) {
    char digest[IC_SHA256_HEX] = "";
    const char *owner = store->connection->store_key;
    if (!ic_sha256(owner, strlen(owner), digest, NULL)) key->failed = true;
    ic_buf_printf(key, "%s%s:%.32s", store->connection->shared_prefix, name, digest);
}

/* Runs a script. `patient`: as that of ic_link_send. NULL when out of memory. */
static ic_link_command *shared_store_send(ic_shared_store *store, ic_script_id id,
                                          const char *const *arguments, const size_t *lengths, size_t count,
                                          bool patient, double seconds, ic_link_done *done) {
    static const char *const names[IC_SCRIPT_COUNT][MOST_KEYS] = {
        [IC_SCRIPT_LOCK] = {"lock", "fence", "token"},
        [IC_SCRIPT_EXTEND] = {"lock"},
        [IC_SCRIPT_SPEND] = {"lock", "token"},
        [IC_SCRIPT_UNLOCK] = {"lock", "token"},
        [IC_SCRIPT_LOAD] = {"token"},
        [IC_SCRIPT_SAVE] = {"lock", "token"}};
    const char *words[MOST_KEYS + MOST_ARGUMENTS] = {0};
    size_t sizes[MOST_KEYS + MOST_ARGUMENTS] = {0};
    ic_buf keys[MOST_KEYS] = {{0}};
    ic_script script = ic_script_of(id);
    bool whole = true;
    double now = ic_now();
    for (size_t i = 0; i < script.keys; i++) {
        shared_store_key(store, names[id][i], &keys[i]);
        words[i] = ic_buf_text(&keys[i]);
        sizes[i] = keys[i].length;
        whole = whole && words[i];
    }
    for (size_t i = 0; i < count; i++) {
        words[script.keys + i] = arguments[i];
        sizes[script.keys + i] = lengths ? lengths[i] : strlen(arguments[i]);
    }
    ic_link_command *command = NULL;
    if (whole)
        command = ic_link_run(store->shared->link, &script, words, sizes, script.keys + count, patient, now,
                              now + seconds, done, store);
    for (size_t i = 0; i < MOST_KEYS; i++)
        ic_buf_free(&keys[i]);
    return command;
}

/* … as the step under way. */
static void shared_store_run(ic_shared_store *store, ic_script_id id, const char *const *arguments,
                             const size_t *lengths, size_t count, ic_link_done *done) {
    bool personal = shared_store_is_personal(store);
    store->command = shared_store_send(store, id, arguments, lengths, count, personal, STEP_TIME, done);
    if (store->command) return;
    ic_error error = {0};
    ic_error_memory(&error);
    shared_store_fail(store, &error);
    ic_error_clear(&error);
}

static void shared_store_refuse(ic_shared_store *store, const char *message) {
    ic_error error = {0};
    ic_error_set(&error, IC_ERR_STORE, "%s", message);
    shared_store_end(store, &error);
    ic_error_clear(&error);
}

/* ---- the lock ---- */

static void shared_store_on_extended(void *owner, ic_reply *reply, const ic_error *error) {
    ic_shared_store *store = owner;
    store->extend = NULL;
    /* If the lock is lost, the next step detects it. */
    if (!error && ic_reply_integer(reply, 0) == 0) store->locked = false;
}

static void shared_store_on_extension(void *engine, void *owner, double now) {
    ic_shared_store *store = owner;
    char time[16];
    snprintf(time, sizeof time, "%.0f", LOCK_TIME * 1000);
    const char *arguments[] = {store->holder, time};
    if (!store->extend)
        store->extend = shared_store_send(store, IC_SCRIPT_EXTEND, arguments, NULL, 2, true, LOCK_TIME,
                                          shared_store_on_extended);
    ic_timer_set(&((ic_engine *)engine)->timers, &store->extension, now + LOCK_TIME / 3);
}

static void shared_store_on_locked(void *owner, ic_reply *reply, const ic_error *error) {
    ic_shared_store *store = owner;
    double now = ic_now();
    store->command = NULL;
    if (error) {
        shared_store_fail(store, error);
        return;
    }
    store->fence = ic_reply_integer(reply, 0);
    if (store->fence > 0) {
        store->locked = true;
        ic_stats_count(IC_COUNT_LOCKS);
        ic_timer_set(&store->engine->timers, &store->extension, now + LOCK_TIME / 3);
        shared_store_end(store, NULL);
    } else if (now < store->lock_until) {
        ic_timer_set(&store->engine->timers, &store->retry, now + LOCK_PAUSE * (0.5 + ic_random()));
    } else {
        shared_store_refuse(store, "another machine has kept the token in the shared Redis locked for 90 s");
    }
}

static void shared_store_try_lock(ic_shared_store *store) {
    char time[16], spent[16];
    snprintf(time, sizeof time, "%.0f", LOCK_TIME * 1000);
    snprintf(spent, sizeof spent, "%.0f", SPENT_TIME * 1000);
    const char *arguments[] = {store->holder, time, spent};
    shared_store_run(store, IC_SCRIPT_LOCK, arguments, NULL, 3, shared_store_on_locked);
}

static void shared_store_on_retry(void *engine, void *owner, double now) {
    (void)engine, (void)now;
    shared_store_try_lock(owner);
}

/* A name that no other holder has. Its first half stays the same. */
static bool shared_store_name_holder(ic_shared_store *store) {
    unsigned char bytes[(IC_HOLDER_SIZE - 1) / 2];
    if (!ic_random_bytes(bytes, sizeof bytes)) return false;
    for (size_t i = store->holder[0] ? sizeof bytes / 2 : 0; i < sizeof bytes; i++)
        snprintf(store->holder + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

void ic_shared_store_lock(ic_shared_store *store, ic_connection *connection, ic_shared_store_done *done) {
    ic_error error = {0};
    store->connection = connection;
    store->done = done;
    store->alone = store->locked = false;
    store->lock_until = ic_now() + LOCK_PATIENCE;
    store->shared = ic_shared_of(store->engine, connection, &error);
    if (store->shared && !shared_store_name_holder(store))
        ic_error_set(&error, IC_ERR_STORE, "the system has no random bytes");
    if (error.kind)
        shared_store_fail(store, &error);
    else
        shared_store_try_lock(store);
    ic_error_clear(&error);
}

static void shared_store_on_unlocked(void *owner, ic_reply *reply, const ic_error *error) {
    ic_shared_store *store = owner;
    (void)reply, (void)error; /* a lock that is not released ends by itself */
    store->command = NULL;
    shared_store_end(store, NULL);
}

void ic_shared_store_unlock(ic_shared_store *store, ic_shared_store_done *done) {
    const char *arguments[] = {store->holder};
    store->done = done;
    ic_timer_unset(&store->engine->timers, &store->extension);
    if (store->extend) ic_link_forget(store->extend);
    store->extend = NULL;
    /* A call that waits for the token does not wait until Redis can be reached again. */
    if (!store->locked || ic_link_is_down(store->shared->link)) {
        if (store->shared && store->fence)
            shared_store_send(store, IC_SCRIPT_UNLOCK, arguments, NULL, 1, shared_store_is_personal(store),
                              LOCK_TIME, NULL);
        store->locked = false;
        shared_store_end(store, NULL);
        return;
    }
    store->locked = false;
    shared_store_run(store, IC_SCRIPT_UNLOCK, arguments, NULL, 1, shared_store_on_unlocked);
}

static void shared_store_on_prepared(void *owner, ic_reply *reply, const ic_error *error) {
    ic_shared_store *store = owner;
    store->command = NULL;
    if (error)
        shared_store_fail(store, error);
    else if (ic_reply_integer(reply, 0) == 0)
        shared_store_refuse(store, "the lock of the token in the shared Redis was lost; try again");
    else
        shared_store_end(store, NULL);
}

void ic_shared_store_prepare(ic_shared_store *store, ic_shared_store_done *done) {
    char time[16];
    store->done = done;
    snprintf(time, sizeof time, "%.0f", LOCK_TIME * 1000);
    const char *arguments[] = {store->holder, time};
    if (store->alone)
        shared_store_end(store, NULL);
    else
        shared_store_run(store, IC_SCRIPT_SPEND, arguments, NULL, 2, shared_store_on_prepared);
}

/* ---- the token ---- */

static bool shared_store_has_key(const ic_shared_store *store, unsigned char key[IC_SEAL_KEY]) {
    const char *given = store->connection->settings.shared_key;
    return given && ic_seal_read_key(given, key);
}

/* Reads what Redis has: JSON, encrypted or not. It can be read with this client's key, or without any. */
static bool shared_store_read(ic_shared_store *store, const ic_reply *data, ic_error *error) {
    unsigned char key[IC_SEAL_KEY];
    ic_buf open = {0};
    const char *text = data->text;
    size_t length = data->length;
    bool sealed = ic_seal_is_sealed(text, length), good = true;
    if (sealed && shared_store_has_key(store, key)) {
        good = ic_seal_open(key, store->connection->store_key, text, length, &open, error);
        text = open.data;
        length = open.length;
    }
    ic_wipe(key, sizeof key);
    cJSON *tree = good ? ic_json_parse(text, length, error) : NULL;
    good = tree && ic_token_from_json(tree, store->found, error);
    ic_token_free_json(tree);
    if (open.data) ic_wipe(open.data, open.length);
    ic_buf_free(&open);
    return good;
}

/* Puts the token that Redis has into `found`. One that was encrypted with another key, or is damaged, is as
 * good as none for a client with client credentials: another one is fetched. False with an error. */
static bool shared_store_take(ic_shared_store *store, const ic_reply *data, ic_error *error) {
    unsigned char key[IC_SEAL_KEY];
    ic_error cause = {0};
    bool lacks_key = ic_seal_is_sealed(data->text, data->length) && !shared_store_has_key(store, key);
    bool read = !lacks_key && shared_store_read(store, data, &cause);
    ic_wipe(key, sizeof key);
    if (cause.kind == IC_ERR_MEMORY)
        ic_error_memory(error);
    else if (lacks_key)
        ic_error_set(error, IC_ERR_STORE,
                     "the token in the shared Redis (%s) is encrypted; give its shared_key",
                     ic_link_name(store->shared->link));
    else if (!read && shared_store_is_personal(store))
        ic_error_set(error, IC_ERR_STORE, "cannot read the token in the shared Redis (%s): %s; log in again",
                     ic_link_name(store->shared->link), ic_error_message(&cause));
    ic_error_clear(&cause);
    return !error->kind;
}

static void shared_store_on_loaded(void *owner, ic_reply *reply, const ic_error *error) {
    ic_shared_store *store = owner;
    ic_error mine = {0};
    const ic_reply *data = ic_reply_item(reply ? reply : &(ic_reply){0}, 0);
    const ic_reply *mark = reply ? ic_reply_item(reply, 1) : data;
    long long time = reply ? ic_reply_integer(ic_reply_item(reply, 2), 0) : 0;
    store->command = NULL;
    store->before[0] = '\0';
    if (error) {
        shared_store_fail(store, error);
        return;
    }
    if (mark->kind == IC_REPLY_TEXT) snprintf(store->before, sizeof store->before, "%s", mark->text);
    store->behind = store->time && time < store->time && strcmp(store->before, store->own) != 0;
    if (store->behind) {
        shared_store_end(store, NULL);
        return;
    }
    store->time = time;
    memcpy(store->own, store->before, sizeof store->own);
    bool found = data->kind == IC_REPLY_TEXT && data->length;
    if (found && shared_store_take(store, data, &mine)) {
        double ahead = (double)ic_reply_integer(ic_reply_item(reply, 3), 0) / 1000;
        if (store->found->expires_at > 0) store->found->expires_at += ahead;
    }
    shared_store_end(store, mine.kind ? &mine : NULL);
    ic_error_clear(&mine);
}

bool ic_shared_store_is_behind(const ic_shared_store *store) {
    return store->behind || store->alone;
}

void ic_shared_store_load(ic_shared_store *store, ic_shared_store_done *done) {
    char clock[24];
    store->done = done;
    store->behind = false;
    snprintf(clock, sizeof clock, "%.0f", ic_wall_time() * 1000);
    const char *arguments[] = {clock};
    if (store->alone)
        shared_store_end(store, NULL);
    else
        shared_store_run(store, IC_SCRIPT_LOAD, arguments, NULL, 1, shared_store_on_loaded);
}

static void shared_store_on_saved(void *owner, ic_reply *reply, const ic_error *error) {
    ic_shared_store *store = owner;
    store->command = NULL;
    if (error) {
        shared_store_fail(store, error);
    } else if (ic_reply_integer(reply, 0) == 0) {
        shared_store_refuse(store, "another machine has saved another token in the shared Redis meanwhile");
    } else {
        store->time = ic_reply_integer(reply, 0);
        memcpy(store->before, store->mark, sizeof store->before);
        memcpy(store->own, store->mark, sizeof store->own);
        shared_store_end(store, NULL);
    }
}

/* What is saved, and its mark. An empty token gives an empty text. */
static bool shared_store_write(ic_shared_store *store, const ic_token *token, ic_buf *data, ic_error *error) {
    unsigned char key[IC_SEAL_KEY];
    const char *marked = token->refresh_token ? token->refresh_token : token->access_token;
    snprintf(store->mark, sizeof store->mark, "none");
    if (ic_token_is_empty(token)) return true;
    if (!ic_sha256(marked, strlen(marked), store->mark, error)) return false;
    cJSON *tree = ic_token_to_json(token);
    char *text = tree ? cJSON_PrintUnformatted(tree) : NULL;
    ic_token_free_json(tree);
    bool good = text != NULL;
    if (!good)
        ic_error_memory(error);
    else if (!shared_store_has_key(store, key))
        ic_buf_puts(data, text);
    else
        good = ic_seal(key, store->connection->store_key, text, strlen(text), data, error);
    ic_wipe(key, sizeof key);
    if (text) ic_wipe(text, strlen(text));
    cJSON_free(text);
    if (good && data->failed) ic_error_memory(error);
    return good && !data->failed;
}

void ic_shared_store_save(ic_shared_store *store, const ic_token *token, ic_shared_store_done *done) {
    char fence[24], time[24], clock[24];
    ic_buf data = {0};
    ic_error error = {0};
    store->done = done;
    if (store->alone) {
        shared_store_end(store, NULL);
    } else if (!shared_store_write(store, token, &data, &error)) {
        shared_store_end(store, &error);
    } else {
        snprintf(fence, sizeof fence, "%lld", store->fence);
        snprintf(time, sizeof time, "%lld", strcmp(store->mark, store->own) == 0 ? store->time : 0);
        snprintf(clock, sizeof clock, "%.0f", ic_wall_time() * 1000);
        const char *arguments[] = {
            store->holder, fence, store->mark, store->before, data.data ? data.data : "", time, clock};
        const size_t lengths[] = {strlen(store->holder), strlen(fence), strlen(store->mark),
                                  strlen(store->before), data.length,   strlen(time),
                                  strlen(clock)};
        shared_store_run(store, IC_SCRIPT_SAVE, arguments, lengths, 7, shared_store_on_saved);
    }
    if (data.data) ic_wipe(data.data, data.length);
    ic_buf_free(&data);
    ic_error_clear(&error);
}

/* ---- the store itself ---- */

bool ic_shared_store_init(ic_engine *engine, ic_shared_store *store, void *owner, ic_token *found) {
    *store = (ic_shared_store){.engine = engine, .owner = owner, .found = found};
    store->retry = (ic_timer){.fire = shared_store_on_retry, .owner = store};
    store->extension = (ic_timer){.fire = shared_store_on_extension, .owner = store};
    if (!ic_timers_reserve(&engine->timers)) return false;
    if (ic_timers_reserve(&engine->timers)) return true;
    ic_timers_release(&engine->timers, &store->retry);
    return false;
}

void ic_shared_store_clear(ic_shared_store *store) {
    if (store->command) ic_link_forget(store->command);
    if (store->extend) ic_link_forget(store->extend);
    ic_timers_release(&store->engine->timers, &store->retry);
    ic_timers_release(&store->engine->timers, &store->extension);
}
