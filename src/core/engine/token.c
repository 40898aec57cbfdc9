#include "core/engine/token.h"
#include "core/auth/grant.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/engine/flow.h"
#include "core/engine/keeper.h"
#include "core/engine/transfer.h"
#include <math.h>
#include <string.h>

/* A token is not used in the last minute of its life, nor in its last tenth when it is short-lived. */
#define MARGIN 60.0
/* Seconds that the answer to a refresh is waited for, at least. */
#define REFRESH_TIMEOUT 60.0

static void begin(ic_engine *engine, ic_slot *slot);

static ic_slot *new_slot(ic_engine *engine, ic_connection *connection) {
    const char *path = connection->settings.store;
    ic_slot *slot = ic_calloc(1, sizeof *slot);
    if (!slot) return NULL;
    slot->key = ic_strdup(connection->token_key);
    slot->store = path ? ic_store_new(path, NULL) : NULL;
    slot->timer.owner = slot;
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
        ic_free_secret(slot->replaced);
        cJSON_Delete(slot->answer);
        ic_token_clear(&slot->token);
        ic_token_clear(&slot->pending);
        ic_token_clear(&slot->found);
        ic_error_clear(&slot->fault);
        ic_call_release(slot->ask);
        ic_free_secret(slot->refused);
        ic_free(slot->key);
        ic_free(slot);
    }
}

void ic_tokens_save_last(ic_engine *engine) {
    for (ic_slot *slot = engine->slots; slot; slot = slot->next)
        if (slot->unsaved && slot->store && !slot->busy) begin(engine, slot);
}

ic_call *ic_token_awaited_by(const ic_call *fetch) {
    const ic_slot *slot = fetch->owner;
    return slot->waiters.first;
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
    /* A token that was fetched for this very call is used even when it has hardly any life: asking again at
     * once would bring no other. */
    if (slot && (usable(slot, now) || (call->served && usable(slot, 0)))) {
        call->served = false;
        /* A renewal that only took up what another process had saved does not use up the call's one renewal.
         */
        if (call->renewed && slot->loaded && !call->second_chance) {
            call->second_chance = true;
            call->renewed = false;
        }
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

/* Reads an answer to what was sent at `started` into an empty token; a refresh token that came with a useless
 * answer is in it too. */
static bool read_answer(const cJSON *tree, double started, ic_token *token, double *expires,
                        ic_error *error) {
    double seconds = 0;
    bool read = ic_grant_read(tree, token, &seconds, error);
    *expires = started + seconds - margin(seconds);
    token->expires_at = ic_wall_time() + (started - ic_now()) + seconds;
    return read;
}

/* What a code was traded for waits for the store. False: the answer was useless. */
static bool take_exchanged(ic_slot *slot, ic_call *call, ic_error *error) {
    ic_token token = {0};
    double expires = 0;
    bool read = read_answer(call->value.tree, call->started, &token, &expires, error);
    ic_value_free(&call->value);
    if (!read) {
        ic_token_clear(&token);
        return false;
    }
    ic_token_clear(&slot->pending);
    slot->pending = token;
    slot->pending_expires = expires;
    return true;
}

void ic_token_errand(ic_engine *engine, ic_call *call) {
    ic_error error = {0};
    if (call->connection->settings.token) {
        ic_flow_complete(engine, call); /* a static token is nobody's to fetch or to forget */
        return;
    }
    if (!join(engine, call)) return;
    ic_slot *slot = call->slot;
    if (call->errand == IC_ERRAND_EXCHANGE && !take_exchanged(slot, call, &error)) {
        ic_list_remove(call);
        ic_flow_fail(engine, call, &error);
        ic_error_clear(&error);
        return;
    }
    if (call->errand == IC_ERRAND_EXCHANGE || call->errand == IC_ERRAND_FORGET) slot->change = call->errand;
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

/* ---- the slot's work: lock, load, fetch, save, unlock, and serve those who wait ---- */

static ic_next on_locked, on_loaded, on_saved, on_prepared, on_unlocked;

static void begin(ic_engine *engine, ic_slot *slot) {
    /* By the options of whoever waits now, not of who was the first ever. */
    if (slot->waiters.first) {
        ic_connection *connection = slot->waiters.first->connection;
        ic_connection_retain(connection);
        ic_connection_release(slot->connection);
        slot->connection = connection;
    }
    slot->busy = true;
    slot->fetched = false;
    ic_error_clear(&slot->fault);
    ic_keeper_do(engine, slot, IC_KEEP_LOCK, on_locked);
}

/* What the work has come to: an error, or NULL. The first error is the one that counts. */
static void finish(ic_engine *engine, ic_slot *slot, const ic_error *error) {
    if (error && slot->fault.kind == IC_OK) ic_error_copy(&slot->fault, error);
    ic_keeper_do(engine, slot, IC_KEEP_UNLOCK, on_unlocked);
}

/* The token of now, which is not kept yet. What it replaces is remembered, to tell it from another process's
 * login. */
static void replace(ic_slot *slot, ic_token token, double expires) {
    ic_free_secret(slot->replaced);
    slot->replaced = slot->token.refresh_token;
    slot->token.refresh_token = NULL;
    ic_token_clear(&slot->token);
    slot->token = token;
    slot->expires = expires;
    slot->loaded = false;
    slot->unsaved = true;
    slot->generation++;
}

/* Makes the change that an errand asked for. */
static void change(ic_slot *slot) {
    if (slot->change == IC_ERRAND_EXCHANGE)
        replace(slot, slot->pending, slot->pending_expires);
    else
        replace(slot, (ic_token){0}, 0);
    slot->forgetting = slot->change == IC_ERRAND_FORGET;
    slot->pending = (ic_token){0};
    slot->change = IC_ERRAND_NONE;
}

/* Takes slot->answer up. A refresh that brings no new refresh token leaves the old one good (RFC 6749, 6);
 * one that brings nothing else has spent the old one all the same. False: there is nothing to save; for want
 * of memory the answer stays, and whoever comes next tries again. */
static bool take_up(ic_slot *slot, ic_error *error) {
    ic_token token = {0};
    double expires = 0;
    bool read = read_answer(slot->answer, slot->answered, &token, &expires, error),
         spent = token.refresh_token != NULL;
    if (read && !spent) {
        token.refresh_token = slot->token.refresh_token;
        slot->token.refresh_token = NULL;
    }
    if (read || spent)
        replace(slot, token, expires);
    else
        ic_token_clear(&token);
    if (!read && !spent && error->kind == IC_ERR_MEMORY) return false;
    cJSON_Delete(slot->answer);
    slot->answer = NULL;
    return read || spent;
}

static void on_locked(ic_engine *engine, ic_slot *slot, const ic_error *error) {
    bool changed = slot->change != IC_ERRAND_NONE;
    /* What an errand brought is taken up even when it cannot be saved: whoever comes next tries that again.
     */
    if (changed) change(slot);
    ic_error again = {0};
    if (!error && !changed && slot->answer) changed = take_up(slot, &again);
    ic_error_clear(&again);
    if (error)
        on_saved(engine, slot, error);
    else if (changed)
        ic_keeper_do(engine, slot, IC_KEEP_SAVE, on_saved);
    else
        ic_keeper_do(engine, slot, IC_KEEP_LOAD, on_loaded);
}

static bool somebody_wants(const ic_slot *slot, ic_errand errand) {
    for (const ic_call *waiter = slot->waiters.first; waiter; waiter = waiter->next)
        if (waiter->errand == (int)errand) return true;
    return false;
}

/* With the store locked, and all that is known saved or loaded. */
static void settle(ic_engine *engine, ic_slot *slot) {
    bool wanted = somebody_wants(slot, IC_ERRAND_NONE) || somebody_wants(slot, IC_ERRAND_INSPECT);
    if (wanted && !slot->fetched && !usable(slot, ic_now()))
        ic_keeper_do(engine, slot, IC_KEEP_PREPARE, on_prepared);
    else if (somebody_wants(slot, IC_ERRAND_PREPARE))
        ic_keeper_do(engine, slot, IC_KEEP_PREPARE, finish);
    else
        finish(engine, slot, NULL);
}

static bool same_text(const char *a, const char *b) {
    return a && b && strcmp(a, b) == 0;
}

/* Takes up what the store has. */
static void adopt(ic_slot *slot, ic_token *found) {
    double left = found->expires_at ? found->expires_at - ic_wall_time() : INFINITY;
    bool stale = same_text(found->access_token, slot->refused) || !(left - margin(left) > 0);
    if (stale) {
        ic_free_secret(found->access_token);
        found->access_token = NULL;
    } else if (!same_text(found->access_token, slot->token.access_token)) {
        slot->expires = isinf(left) ? INFINITY : ic_now() + left - margin(left);
        slot->generation++;
        slot->loaded = true;
    }
    ic_token_clear(&slot->token);
    slot->token = *found;
    *found = (ic_token){0};
    slot->unsaved = false;
    slot->kept = true;
}

/* What is kept is what counts: another process may have renewed it, logged in anew or logged out. But a token
 * that could not be saved so far goes before the one that it replaced. */
static void on_loaded(ic_engine *engine, ic_slot *slot, const ic_error *error) {
    ic_token *found = &slot->found;
    bool any = found->access_token || found->refresh_token;
    if (error) {
        finish(engine, slot, error);
    } else if (slot->unsaved && (!any || same_text(found->refresh_token, slot->replaced))) {
        ic_keeper_do(engine, slot, IC_KEEP_SAVE, on_saved);
    } else {
        if (any)
            adopt(slot, found);
        else if (slot->kept && ic_keeper_outlives(slot))
            ic_token_clear(&slot->token);
        slot->kept = slot->kept && any;
        settle(engine, slot);
    }
}

/* An errand is done before the others are seen to: a logout need not wait for what cannot be fetched any
 * more. */
static void end_errands(ic_engine *engine, ic_slot *slot) {
    for (ic_call *call = slot->waiters.first, *next; call && !slot->change; call = next) {
        next = call->next;
        if (call->errand != IC_ERRAND_EXCHANGE && call->errand != IC_ERRAND_FORGET) continue;
        ic_list_remove(call);
        ic_flow_complete(engine, call);
    }
}

static void on_saved(ic_engine *engine, ic_slot *slot, const ic_error *error) {
    bool forgetting = slot->forgetting;
    slot->forgetting = false;
    if (!error) {
        slot->unsaved = false;
        slot->kept = slot->token.access_token || slot->token.refresh_token;
        end_errands(engine, slot);
    } else if (forgetting) {
        slot->unsaved =
            false; /* not forgotten, then: the store has it still, and may have another's by the next time */
    }
    if (error || slot->fault.kind)
        finish(engine, slot, error);
    else
        settle(engine, slot);
}

static const char *refresh_token(const ic_slot *slot) {
    return slot->token.refresh_token ? slot->token.refresh_token : slot->connection->settings.refresh_token;
}

/* The grant that gets a token now; false with AUTH when only a person can. */
static bool choose(const ic_slot *slot, ic_grant *grant, ic_error *error) {
    *grant = refresh_token(slot) ? IC_GRANT_REFRESH : IC_GRANT_CLIENT_CREDENTIALS;
    if (*grant == IC_GRANT_REFRESH || !ic_connection_is_personal(slot->connection)) return true;
    ic_error_set(error, IC_ERR_AUTH,
                 "nobody has logged in yet: use ironclad.login, or client:authorize_url and client:exchange");
    return false;
}

static void on_fetched(void *engine, ic_call *call);

static void owe(ic_slot *slot, bool owing) {
    ic_mailbox *mailbox = slot->connection->store_mailbox;
    if (mailbox && slot->owing != owing) ic_mailbox_add_unsaved(mailbox, owing ? 1 : -1);
    slot->owing = mailbox && owing;
}

/* A call of the engine's own, whose end is on_fetched. A refresh that has been sent must be heard out,
 * whatever limits the callers have: its answer is the only way back in. */
static void on_prepared(ic_engine *engine, ic_slot *slot, const ic_error *error) {
    ic_error mine = {0};
    ic_grant grant = IC_GRANT_REFRESH;
    ic_call *call = NULL;
    if (!error && engine->ending)
        ic_error_set(&mine, IC_ERR_CANCELLED, "the process is exiting");
    else if (!error && choose(slot, &grant, &mine) && !(call = ic_call_new(NULL, slot->connection)))
        ic_error_memory(&mine);
    const char *secret = grant == IC_GRANT_REFRESH ? refresh_token(slot) : NULL;
    if (call && ic_grant_request(slot->connection, grant, secret, NULL, &call->request, &mine)) {
        call->on_done = on_fetched;
        call->owner = slot;
        if (grant == IC_GRANT_REFRESH) {
            owe(slot, true);
            call->options.deadline = 0;
            call->options.timeout = fmax(slot->connection->settings.timeout, REFRESH_TIMEOUT);
        }
        slot->fetch = call;
        ic_flow_start(engine, call);
    } else {
        finish(engine, slot, error ? error : &mine);
    }
    ic_call_release(call);
    ic_error_clear(&mine);
}

/* What an error of the token endpoint means for whoever waits. */
static void explain(const ic_slot *slot, ic_error *error) {
    const char *code = error->code ? error->code : "", *scopes = slot->connection->settings.scopes;
    ic_buf text = {0};
    if (strcmp(code, "invalid_scope") == 0 && scopes)
        ic_buf_printf(&text, "%s; asked for: %s", ic_error_message(error), scopes);
    char *message = text.length ? ic_buf_take(&text, NULL) : NULL;
    if (!message) return;
    ic_free(error->message);
    error->message = message;
}

static void on_fetched(void *engine, ic_call *call) {
    ic_slot *slot = call->owner;
    ic_error error = {0};
    bool save = false;
    slot->fetch = NULL;
    slot->fetched = true;
    if (call->error.kind == IC_OK) {
        slot->answer = call->value.tree;
        slot->answered = call->started;
        call->value.tree = NULL;
        save = take_up(slot, &error);
    } else {
        ic_error_copy(&error, &call->error);
        explain(slot, &error);
    }
    if (error.kind) ic_error_copy(&slot->fault, &error);
    ic_error_clear(&error);
    if (save)
        ic_keeper_do(engine, slot, IC_KEEP_SAVE, on_saved);
    else
        finish(engine, slot, NULL);
}

static void serve(ic_engine *engine, ic_slot *slot, ic_call *waiter, const ic_error *error) {
    if (error) {
        ic_flow_fail(engine, waiter, error);
    } else if (!waiter->errand) {
        waiter->served = true;
        ic_flow_advance(engine, waiter);
    } else if (waiter->errand != IC_ERRAND_INSPECT || describe(slot, waiter, ic_now())) {
        ic_flow_complete(engine, waiter);
    } else {
        ic_error memory = {0};
        ic_error_memory(&memory);
        ic_flow_fail(engine, waiter, &memory);
    }
}

/* Those that join while the waiters are served, and a change that was asked for meanwhile, begin the work
 * anew. */
static void on_unlocked(ic_engine *engine, ic_slot *slot, const ic_error *error) {
    (void)error; /* the token is kept; whoever comes next will hear of the lock */
    owe(slot, false);
    if (slot->change) {
        begin(engine, slot);
        return;
    }
    ic_list waiters = slot->waiters;
    ic_error fault = slot->fault;
    slot->waiters = (ic_list){0};
    slot->fault = (ic_error){0};
    slot->busy = false;
    for (ic_call *waiter = waiters.first; waiter; waiter = waiter->next)
        waiter->list = &waiters;
    for (ic_call *waiter; (waiter = waiters.first);) {
        ic_list_remove(waiter);
        serve(engine, slot, waiter, fault.kind ? &fault : NULL);
    }
    ic_error_clear(&fault);
}
