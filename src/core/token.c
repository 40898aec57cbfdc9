#include "token.h"
#include "alloc.h"
#include "buf.h"
#include "clock.h"
#include "flow.h"
#include "grant.h"
#include "transfer.h"
#include <math.h>
#include <string.h>

/* A token is not used in the last minute of its life, nor in its last tenth when it is short-lived. */
#define MARGIN 60.0
/* Seconds between two tries for the store's lock, and until it is given up: another process may be waiting
 * for the token endpoint with it. */
#define LOCK_PAUSE    0.05
#define LOCK_PATIENCE 90.0

static void begin(ic_engine *engine, ic_slot *slot);
static void try_lock(void *engine, void *owner, double now);
static void work(ic_engine *engine, ic_slot *slot, double now);
static void fetch(ic_engine *engine, ic_slot *slot);
static void on_fetched(void *engine, ic_call *call);
static void change(ic_slot *slot);
static void finish(ic_engine *engine, ic_slot *slot, const ic_error *error);

static ic_slot *new_slot(ic_engine *engine, ic_connection *connection) {
    const char *path = connection->settings.store;
    ic_slot *slot = ic_calloc(1, sizeof *slot);
    if (!slot) return NULL;
    slot->key = ic_strdup(connection->token_key);
    slot->store = path ? ic_store_new(path, NULL) : NULL;
    slot->timer = (ic_timer){.ring = try_lock, .owner = slot};
    if (!slot->key || (path && !slot->store) || !ic_timers_enroll(&engine->timers)) {
        ic_store_free(slot->store);
        ic_free(slot->key);
        ic_free(slot);
        return NULL;
    }
    ic_connection_retain(connection);
    slot->connection = connection;
    slot->next = engine->slots;
    engine->slots = slot;
    return slot;
}

static ic_slot *slot_of(ic_engine *engine, ic_connection *connection) {
    for (ic_slot *slot = engine->slots; slot; slot = slot->next)
        if (strcmp(slot->key, connection->token_key) == 0) return slot;
    return new_slot(engine, connection);
}

void ic_slots_free(ic_engine *engine) {
    for (ic_slot *slot; (slot = engine->slots);) {
        engine->slots = slot->next;
        ic_timers_leave(&engine->timers, &slot->timer);
        ic_connection_release(slot->connection);
        ic_store_free(slot->store);
        ic_token_clear(&slot->token);
        ic_token_clear(&slot->pending);
        ic_free_secret(slot->refused);
        ic_free(slot->key);
        ic_free(slot);
    }
}

bool ic_token_in_doubt(const ic_engine *engine) {
    for (const ic_slot *slot = engine->slots; slot; slot = slot->next)
        if (slot->fetch && !slot->fetch->request.repeatable && ic_transfer_sent(slot->fetch)) return true;
    return false;
}

static bool usable(const ic_slot *slot, double now) {
    return slot->token.access_token && now < slot->expires && !slot->unsaved && !slot->change;
}

/* Puts the call among the slot's waiters; false when there is no memory for the slot, and the call has ended.
 */
static bool join(ic_engine *engine, ic_call *call) {
    if (!call->slot) call->slot = slot_of(engine, call->connection);
    if (call->slot) {
        call->state = IC_STATE_WAIT_TOKEN;
        ic_list_append(&call->slot->waiters, call);
        return true;
    }
    ic_error error = {0};
    ic_error_memory(&error);
    ic_flow_fail(engine, call, &error);
    return false;
}

const char *ic_token_for(ic_engine *engine, ic_call *call, double now) {
    if (call->connection->settings.token) return call->connection->settings.token;
    if (!call->slot) call->slot = slot_of(engine, call->connection);
    ic_slot *slot = call->slot;
    if (slot && usable(slot, now)) {
        call->token_generation = slot->generation;
        return slot->token.access_token;
    }
    if (join(engine, call) && !slot->busy) begin(engine, slot);
    return NULL;
}

void ic_token_refused(ic_call *call) {
    ic_slot *slot = call->slot;
    if (!slot || slot->generation != call->token_generation || !slot->token.access_token) return;
    ic_free_secret(slot->refused);
    slot->refused = slot->token.access_token;
    slot->token.access_token = NULL;
}

bool ic_token_renewable(const ic_call *call) {
    return call->slot != NULL && !call->errand;
}

/* ---- errands ---- */

static double margin(double seconds) {
    return fmin(MARGIN, seconds / 10);
}

static bool take_answer(ic_slot *slot, ic_call *call, ic_error *error) {
    double seconds = 0;
    ic_token_clear(&slot->pending);
    bool read = ic_grant_read(call->value.tree, &slot->pending, &seconds, error);
    slot->pending_expires = call->started + seconds - margin(seconds);
    slot->pending.expires_at = ic_wall_time() + (call->started - ic_now()) + seconds;
    ic_value_free(&call->value);
    return read;
}

void ic_token_errand(ic_engine *engine, ic_call *call) {
    ic_error error = {0};
    if (call->connection->settings.token) {
        ic_flow_complete(engine, call); /* a static token is nobody's to fetch or to forget */
        return;
    }
    if (!join(engine, call)) return;
    ic_slot *slot = call->slot;
    if (call->errand == IC_ERRAND_EXCHANGE && !take_answer(slot, call, &error)) {
        ic_list_remove(call);
        ic_flow_fail(engine, call, &error);
        ic_error_clear(&error);
        return;
    }
    if (call->errand != IC_ERRAND_INSPECT) slot->change = call->errand;
    if (!slot->busy) begin(engine, slot);
}

/* {expires_in, scope}: what is known of the token. */
static bool describe(const ic_slot *slot, ic_call *call, double now) {
    const ic_token *token = &slot->token;
    call->value.tree = cJSON_CreateObject();
    call->value.kind = IC_VALUE_TREE;
    return call->value.tree &&
           (token->expires_at == 0 ||
            cJSON_AddNumberToObject(call->value.tree, "expires_in", floor(fmax(0, slot->expires - now)))) &&
           (!token->scope || cJSON_AddStringToObject(call->value.tree, "scope", token->scope));
}

/* ---- the slot's work: lock, load, fetch, save, open ---- */

static void begin(ic_engine *engine, ic_slot *slot) {
    double now = ic_now();
    slot->busy = true;
    slot->lock_until = now + LOCK_PATIENCE;
    if (slot->store)
        try_lock(engine, slot, now);
    else
        work(engine, slot, now);
}

static void try_lock(void *engine, void *owner, double now) {
    ic_slot *slot = owner;
    ic_error error = {0};
    int locked = ic_store_lock(slot->store, &error);
    if (locked > 0) {
        work(engine, slot, now);
    } else if (locked == 0 && now < slot->lock_until) {
        ic_timer_set(&((ic_engine *)engine)->timers, &slot->timer, now + LOCK_PAUSE * (0.5 + ic_dice()));
    } else {
        if (locked == 0)
            ic_error_set(&error, IC_ERR_STORE, "another process has kept %s locked for %.0f s",
                         slot->connection->settings.store, LOCK_PATIENCE);
        /* What an errand brought is kept here, and saved by whoever comes next. */
        if (slot->change) change(slot);
        finish(engine, slot, &error);
    }
    ic_error_clear(&error);
}

/* What the store has is what counts, unless this process has something newer that it could not save. */
static bool load(ic_slot *slot, double now, ic_error *error) {
    ic_token token = {0};
    int found = ic_store_load(slot->store, slot->connection->store_key, &token, error);
    if (found <= 0) return found == 0;
    double left = token.expires_at ? token.expires_at - ic_wall_time() : INFINITY;
    bool refused = token.access_token && slot->refused && strcmp(token.access_token, slot->refused) == 0;
    bool same = token.access_token && slot->token.access_token &&
                strcmp(token.access_token, slot->token.access_token) == 0;
    if (refused || !(left - margin(left) > 0)) {
        ic_free_secret(token.access_token);
        token.access_token = NULL;
    } else if (!same) {
        slot->expires = isinf(left) ? INFINITY : now + left - margin(left);
        slot->generation++;
    }
    ic_token_clear(&slot->token);
    slot->token = token;
    return true;
}

static bool save(ic_slot *slot, ic_error *error) {
    bool any = slot->token.access_token || slot->token.refresh_token;
    if (slot->store &&
        !ic_store_save(slot->store, slot->connection->store_key, any ? &slot->token : NULL, error))
        return false;
    slot->unsaved = false;
    return true;
}

/* Makes the change that an errand asked for. A refresh answer that brings no new refresh token leaves the old
 * one good (RFC 6749, 6). */
static void change(ic_slot *slot) {
    if (slot->change == IC_ERRAND_EXCHANGE) {
        ic_token_clear(&slot->token);
        slot->token = slot->pending;
        slot->expires = slot->pending_expires;
        slot->pending = (ic_token){0};
        slot->generation++;
    } else {
        ic_token_clear(&slot->token);
    }
    slot->change = IC_ERRAND_NONE;
    slot->unsaved = true;
}

/* With the store locked. */
static void work(ic_engine *engine, ic_slot *slot, double now) {
    ic_error error = {0};
    bool forgotten = slot->change == IC_ERRAND_FORGET;
    if (slot->change) change(slot);
    bool good = slot->unsaved ? save(slot, &error) : !slot->store || load(slot, now, &error);
    if (good && !forgotten && !usable(slot, now))
        fetch(engine, slot);
    else
        finish(engine, slot, good ? NULL : &error);
    ic_error_clear(&error);
}

static const char *refresh_token(const ic_slot *slot) {
    return slot->token.refresh_token ? slot->token.refresh_token : slot->connection->settings.refresh_token;
}

/* The grant that gets a token now; false with AUTH when only a person can. */
static bool choose(const ic_slot *slot, ic_grant *grant, ic_error *error) {
    *grant = refresh_token(slot) ? IC_GRANT_REFRESH : IC_GRANT_CLIENT_CREDENTIALS;
    if (*grant == IC_GRANT_REFRESH || !ic_connection_is_personal(slot->connection)) return true;
    ic_error_set(error, IC_ERR_AUTH,
                 "nobody has logged in: use ironclad.login, or client:authorize_url and client:exchange");
    return false;
}

/* A call of the engine's own, whose end is on_fetched. It is bounded by the connection's timeout and retries,
 * not by the deadline of whichever call happened to be first. Room in the store is made sure of before a
 * refresh token is spent. */
static void fetch(ic_engine *engine, ic_slot *slot) {
    ic_error error = {0};
    ic_grant grant;
    ic_call *call = NULL;
    bool ready = choose(slot, &grant, &error) && (!slot->store || ic_store_prepare(slot->store, &error));
    if (ready && !(call = ic_call_new(NULL, slot->connection))) ic_error_memory(&error);
    const char *secret = grant == IC_GRANT_REFRESH ? refresh_token(slot) : NULL;
    if (call && ic_grant_request(slot->connection, grant, secret, NULL, &call->request, &error)) {
        call->on_done = on_fetched;
        call->owner = slot;
        slot->fetch = call;
        ic_flow_start(engine, call);
    } else {
        finish(engine, slot, &error);
    }
    ic_call_release(call);
    ic_error_clear(&error);
}

static void keep(ic_slot *slot, ic_call *call, ic_error *error) {
    ic_error unsaved = {0};
    bool read = take_answer(slot, call, error);
    if (!slot->pending.refresh_token) {
        slot->pending.refresh_token = slot->token.refresh_token;
        slot->token.refresh_token = NULL;
    }
    if (read || slot->pending.refresh_token) {
        ic_errand wanted = slot->change;
        slot->change = IC_ERRAND_EXCHANGE;
        change(slot);
        slot->change = wanted;
        if (!save(slot, &unsaved) && read) ic_error_copy(error, &unsaved);
    }
    ic_error_clear(&unsaved);
}

/* What an error of the token endpoint means for whoever waits. */
static void explain(const ic_slot *slot, ic_error *error) {
    const ic_settings *settings = &slot->connection->settings;
    const char *code = error->code ? error->code : "", *advice = NULL;
    char *message = NULL;
    ic_buf text = {0};
    if (strcmp(code, "invalid_scope") == 0 && settings->scopes)
        advice = settings->scopes;
    else if (strcmp(code, "invalid_grant") == 0)
        advice = "";
    if (!advice) return;
    ic_buf_puts(&text, ic_error_message(error));
    if (*advice)
        ic_buf_printf(&text, "; asked for: %s", advice);
    else
        ic_buf_puts(&text, "; the refresh token is spent or was withdrawn: log in again");
    if ((message = ic_buf_take(&text, NULL))) {
        ic_free(error->message);
        error->message = message;
    }
}

static void on_fetched(void *engine, ic_call *call) {
    ic_slot *slot = call->owner;
    ic_error error = {0};
    slot->fetch = NULL;
    if (call->error.kind != IC_OK) {
        ic_error_copy(&error, &call->error);
        explain(slot, &error);
    } else {
        keep(slot, call, &error);
    }
    finish(engine, slot, error.kind ? &error : NULL);
    ic_error_clear(&error);
}

static void serve(ic_engine *engine, ic_slot *slot, ic_call *waiter, const ic_error *error) {
    double now = ic_now();
    if (error) {
        ic_flow_fail(engine, waiter, error);
    } else if (!waiter->errand) {
        ic_flow_advance(engine, waiter);
    } else if (waiter->errand != IC_ERRAND_INSPECT || describe(slot, waiter, now)) {
        ic_flow_complete(engine, waiter);
    } else {
        ic_error memory = {0};
        ic_error_memory(&memory);
        ic_flow_fail(engine, waiter, &memory);
    }
}

/* The slot's work is over: the store is unlocked and the waiters are served. Those that join meanwhile, and a
 * change that was asked for meanwhile, begin it anew. */
static void finish(ic_engine *engine, ic_slot *slot, const ic_error *error) {
    ic_timer_unset(&engine->timers, &slot->timer);
    if (slot->store) ic_store_unlock(slot->store);
    if (slot->change) {
        begin(engine, slot);
        return;
    }
    ic_list waiters = slot->waiters;
    slot->waiters = (ic_list){0};
    slot->busy = false;
    for (ic_call *waiter = waiters.first; waiter; waiter = waiter->next)
        waiter->list = &waiters;
    for (ic_call *waiter; (waiter = waiters.first);) {
        ic_list_remove(waiter);
        serve(engine, slot, waiter, error);
    }
}
