#include "core/engine/token_queue.h"
#include "core/auth/grant.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/engine/flow.h"
#include "core/engine/store_worker.h"
#include "core/engine/transfer.h"
#include <math.h>
#include <string.h>

/* A token is not used in the last minute of its life, nor in its last tenth when it is short-lived. */
#define MARGIN 60.0
/* Seconds that the answer to a refresh is waited for, at least. */
#define REFRESH_TIMEOUT 60.0

static void begin(ic_engine *engine, ic_token_entry *entry);

static ic_token_entry *new_entry(ic_engine *engine, ic_connection *connection) {
    const char *path = connection->settings.store;
    ic_token_entry *entry = ic_calloc(1, sizeof *entry);
    if (!entry) return NULL;
    entry->key = ic_strdup(connection->token_key);
    entry->store = path ? ic_store_new(path, NULL) : NULL;
    entry->timer.owner = entry;
    if (!entry->key || (path && !entry->store) || !ic_timers_enroll(&engine->timers)) {
        ic_store_free(entry->store);
        ic_free(entry->key);
        ic_free(entry);
        return NULL;
    }
    ic_connection_retain(connection);
    entry->connection = connection;
    entry->next = engine->token_entries;
    engine->token_entries = entry;
    return entry;
}

static ic_token_entry *entry_of(ic_engine *engine, ic_connection *connection) {
    for (ic_token_entry *entry = engine->token_entries; entry; entry = entry->next)
        if (strcmp(entry->key, connection->token_key) == 0) return entry;
    return new_entry(engine, connection);
}

void ic_token_entries_free(ic_engine *engine) {
    for (ic_token_entry *entry; (entry = engine->token_entries);) {
        engine->token_entries = entry->next;
        ic_timers_leave(&engine->timers, &entry->timer);
        ic_connection_release(entry->connection);
        ic_store_free(entry->store);
        ic_free_secret(entry->replaced);
        cJSON_Delete(entry->answer);
        ic_token_clear(&entry->token);
        ic_token_clear(&entry->pending);
        ic_token_clear(&entry->found);
        ic_error_clear(&entry->fault);
        ic_call_release(entry->ask);
        ic_free_secret(entry->refused);
        ic_free(entry->key);
        ic_free(entry);
    }
}

void ic_tokens_save_last(ic_engine *engine) {
    for (ic_token_entry *entry = engine->token_entries; entry; entry = entry->next)
        if (entry->unsaved && entry->store && !entry->busy) begin(engine, entry);
}

ic_call *ic_token_awaited_by(const ic_call *fetch) {
    const ic_token_entry *entry = fetch->owner;
    return entry->waiters.first;
}

bool ic_token_in_doubt(const ic_engine *engine) {
    for (const ic_token_entry *entry = engine->token_entries; entry; entry = entry->next)
        if (entry->fetch && !entry->fetch->request.repeatable && ic_transfer_sent(entry->fetch)) return true;
    return false;
}

static bool usable(const ic_token_entry *entry, double now) {
    return entry->token.access_token && now < entry->expires && !entry->unsaved && !entry->change;
}

/* Puts the call among the entry's waiters; false when there is no memory for the entry, and the call has
 * ended.
 */
static bool join(ic_engine *engine, ic_call *call) {
    if (!call->token_entry) call->token_entry = entry_of(engine, call->connection);
    if (call->token_entry) {
        call->state = IC_STATE_WAIT_TOKEN;
        ic_list_append(&call->token_entry->waiters, call);
        return true;
    }
    ic_error error = {0};
    ic_error_memory(&error);
    ic_flow_fail(engine, call, &error);
    return false;
}

const char *ic_token_for(ic_engine *engine, ic_call *call, double now) {
    if (call->connection->settings.token) return call->connection->settings.token;
    if (!call->token_entry) call->token_entry = entry_of(engine, call->connection);
    ic_token_entry *entry = call->token_entry;
    /* A token that was fetched for this very call is used even when it has hardly any life: asking again at
     * once would bring no other. */
    if (entry && (usable(entry, now) || (call->served && usable(entry, 0)))) {
        call->served = false;
        /* A renewal that only took up what another process had saved does not use up the call's one renewal.
         */
        if (call->renewed && entry->loaded && !call->second_chance) {
            call->second_chance = true;
            call->renewed = false;
        }
        call->token_generation = entry->generation;
        return entry->token.access_token;
    }
    if (join(engine, call) && !entry->busy) begin(engine, entry);
    return NULL;
}

void ic_token_refused(ic_call *call) {
    ic_token_entry *entry = call->token_entry;
    if (!entry || entry->generation != call->token_generation || !entry->token.access_token) return;
    ic_free_secret(entry->refused);
    entry->refused = entry->token.access_token;
    entry->token.access_token = NULL;
}

bool ic_token_renewable(const ic_call *call) {
    return call->token_entry != NULL && !call->purpose;
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
static bool take_exchanged(ic_token_entry *entry, ic_call *call, ic_error *error) {
    ic_token token = {0};
    double expires = 0;
    bool read = read_answer(call->value.tree, call->started, &token, &expires, error);
    ic_value_free(&call->value);
    if (!read) {
        ic_token_clear(&token);
        return false;
    }
    ic_token_clear(&entry->pending);
    entry->pending = token;
    entry->pending_expires = expires;
    return true;
}

void ic_token_errand(ic_engine *engine, ic_call *call) {
    ic_error error = {0};
    if (call->connection->settings.token) {
        ic_flow_complete(engine, call); /* a static token is nobody's to fetch or to forget */
        return;
    }
    if (!join(engine, call)) return;
    ic_token_entry *entry = call->token_entry;
    if (call->purpose == IC_PURPOSE_EXCHANGE && !take_exchanged(entry, call, &error)) {
        ic_list_remove(call);
        ic_flow_fail(engine, call, &error);
        ic_error_clear(&error);
        return;
    }
    if (call->purpose == IC_PURPOSE_EXCHANGE || call->purpose == IC_PURPOSE_FORGET)
        entry->change = call->purpose;
    if (!entry->busy) begin(engine, entry);
}

/* {expires_in, scope}: what is known of the token. */
static bool describe(const ic_token_entry *entry, ic_call *call, double now) {
    const ic_token *token = &entry->token;
    call->value.tree = cJSON_CreateObject();
    call->value.kind = IC_VALUE_TREE;
    return call->value.tree &&
           (token->expires_at == 0 ||
            cJSON_AddNumberToObject(call->value.tree, "expires_in", floor(fmax(0, entry->expires - now)))) &&
           (!token->scope || cJSON_AddStringToObject(call->value.tree, "scope", token->scope));
}

/* ---- the entry's work: lock, load, fetch, save, unlock, and serve those who wait ---- */

static ic_next on_locked, on_loaded, on_saved, on_prepared, on_unlocked;

static void begin(ic_engine *engine, ic_token_entry *entry) {
    /* By the options of whoever waits now, not of who was the first ever. */
    if (entry->waiters.first) {
        ic_connection *connection = entry->waiters.first->connection;
        ic_connection_retain(connection);
        ic_connection_release(entry->connection);
        entry->connection = connection;
    }
    entry->busy = true;
    entry->fetched = false;
    ic_error_clear(&entry->fault);
    ic_store_worker_do(engine, entry, IC_STORE_LOCK, on_locked);
}

/* What the work has come to: an error, or NULL. The first error is the one that counts. */
static void finish(ic_engine *engine, ic_token_entry *entry, const ic_error *error) {
    if (error && entry->fault.kind == IC_OK) ic_error_copy(&entry->fault, error);
    ic_store_worker_do(engine, entry, IC_STORE_UNLOCK, on_unlocked);
}

/* The token of now, which is not kept yet. What it replaces is remembered, to tell it from another process's
 * login. */
static void replace(ic_token_entry *entry, ic_token token, double expires) {
    ic_free_secret(entry->replaced);
    entry->replaced = entry->token.refresh_token;
    entry->token.refresh_token = NULL;
    ic_token_clear(&entry->token);
    entry->token = token;
    entry->expires = expires;
    entry->loaded = false;
    entry->unsaved = true;
    entry->generation++;
}

/* Makes the change that an purpose asked for. */
static void change(ic_token_entry *entry) {
    if (entry->change == IC_PURPOSE_EXCHANGE)
        replace(entry, entry->pending, entry->pending_expires);
    else
        replace(entry, (ic_token){0}, 0);
    entry->forgetting = entry->change == IC_PURPOSE_FORGET;
    entry->pending = (ic_token){0};
    entry->change = IC_PURPOSE_NONE;
}

/* Takes entry->answer up. A refresh that brings no new refresh token leaves the old one good (RFC 6749, 6);
 * one that brings nothing else has spent the old one all the same. False: there is nothing to save; for want
 * of memory the answer stays, and whoever comes next tries again. */
static bool take_up(ic_token_entry *entry, ic_error *error) {
    ic_token token = {0};
    double expires = 0;
    bool read = read_answer(entry->answer, entry->answered, &token, &expires, error),
         spent = token.refresh_token != NULL;
    if (read && !spent) {
        token.refresh_token = entry->token.refresh_token;
        entry->token.refresh_token = NULL;
    }
    if (read || spent)
        replace(entry, token, expires);
    else
        ic_token_clear(&token);
    if (!read && !spent && error->kind == IC_ERR_MEMORY) return false;
    cJSON_Delete(entry->answer);
    entry->answer = NULL;
    return read || spent;
}

static void on_locked(ic_engine *engine, ic_token_entry *entry, const ic_error *error) {
    bool changed = entry->change != IC_PURPOSE_NONE;
    /* What an purpose brought is taken up even when it cannot be saved: whoever comes next tries that again.
     */
    if (changed) change(entry);
    ic_error again = {0};
    if (!error && !changed && entry->answer) changed = take_up(entry, &again);
    ic_error_clear(&again);
    if (error)
        on_saved(engine, entry, error);
    else if (changed)
        ic_store_worker_do(engine, entry, IC_STORE_SAVE, on_saved);
    else
        ic_store_worker_do(engine, entry, IC_STORE_LOAD, on_loaded);
}

static bool somebody_wants(const ic_token_entry *entry, ic_purpose purpose) {
    for (const ic_call *waiter = entry->waiters.first; waiter; waiter = waiter->next)
        if (waiter->purpose == (int)purpose) return true;
    return false;
}

/* With the store locked, and all that is known saved or loaded. */
static void settle(ic_engine *engine, ic_token_entry *entry) {
    bool wanted = somebody_wants(entry, IC_PURPOSE_NONE) || somebody_wants(entry, IC_PURPOSE_INSPECT);
    if (wanted && !entry->fetched && !usable(entry, ic_now()))
        ic_store_worker_do(engine, entry, IC_STORE_PREPARE, on_prepared);
    else if (somebody_wants(entry, IC_PURPOSE_PREPARE))
        ic_store_worker_do(engine, entry, IC_STORE_PREPARE, finish);
    else
        finish(engine, entry, NULL);
}

static bool same_text(const char *a, const char *b) {
    return a && b && strcmp(a, b) == 0;
}

/* Takes up what the store has. */
static void adopt(ic_token_entry *entry, ic_token *found) {
    double left = found->expires_at ? found->expires_at - ic_wall_time() : INFINITY;
    bool stale = same_text(found->access_token, entry->refused) || !(left - margin(left) > 0);
    if (stale) {
        ic_free_secret(found->access_token);
        found->access_token = NULL;
    } else if (!same_text(found->access_token, entry->token.access_token)) {
        entry->expires = isinf(left) ? INFINITY : ic_now() + left - margin(left);
        entry->generation++;
        entry->loaded = true;
    }
    ic_token_clear(&entry->token);
    entry->token = *found;
    *found = (ic_token){0};
    entry->unsaved = false;
    entry->kept = true;
}

/* What is kept is what counts: another process may have renewed it, logged in anew or logged out. But a token
 * that could not be saved so far goes before the one that it replaced. */
static void on_loaded(ic_engine *engine, ic_token_entry *entry, const ic_error *error) {
    ic_token *found = &entry->found;
    bool any = found->access_token || found->refresh_token;
    if (error) {
        finish(engine, entry, error);
    } else if (entry->unsaved && (!any || same_text(found->refresh_token, entry->replaced))) {
        ic_store_worker_do(engine, entry, IC_STORE_SAVE, on_saved);
    } else {
        if (any)
            adopt(entry, found);
        else if (entry->kept && ic_store_worker_persists(entry))
            ic_token_clear(&entry->token);
        entry->kept = entry->kept && any;
        settle(engine, entry);
    }
}

/* An purpose is done before the others are seen to: a logout need not wait for what cannot be fetched any
 * more. */
static void end_errands(ic_engine *engine, ic_token_entry *entry) {
    for (ic_call *call = entry->waiters.first, *next; call && !entry->change; call = next) {
        next = call->next;
        if (call->purpose != IC_PURPOSE_EXCHANGE && call->purpose != IC_PURPOSE_FORGET) continue;
        ic_list_remove(call);
        ic_flow_complete(engine, call);
    }
}

static void on_saved(ic_engine *engine, ic_token_entry *entry, const ic_error *error) {
    bool forgetting = entry->forgetting;
    entry->forgetting = false;
    if (!error) {
        entry->unsaved = false;
        entry->kept = entry->token.access_token || entry->token.refresh_token;
        end_errands(engine, entry);
    } else if (forgetting) {
        entry->unsaved =
            false; /* not forgotten, then: the store has it still, and may have another's by the next time */
    }
    if (error || entry->fault.kind)
        finish(engine, entry, error);
    else
        settle(engine, entry);
}

static const char *refresh_token(const ic_token_entry *entry) {
    return entry->token.refresh_token ? entry->token.refresh_token
                                      : entry->connection->settings.refresh_token;
}

/* The grant that gets a token now; false with AUTH when only a person can. */
static bool choose(const ic_token_entry *entry, ic_grant *grant, ic_error *error) {
    *grant = refresh_token(entry) ? IC_GRANT_REFRESH : IC_GRANT_CLIENT_CREDENTIALS;
    if (*grant == IC_GRANT_REFRESH || !ic_connection_is_personal(entry->connection)) return true;
    ic_error_set(error, IC_ERR_AUTH,
                 "nobody has logged in yet: use ironclad.login, or client:authorize_url and client:exchange");
    return false;
}

static void on_fetched(void *engine, ic_call *call);

static void owe(ic_token_entry *entry, bool owing) {
    ic_mailbox *mailbox = entry->connection->store_mailbox;
    if (mailbox && entry->owing != owing) ic_mailbox_add_unsaved(mailbox, owing ? 1 : -1);
    entry->owing = mailbox && owing;
}

/* A call of the engine's own, whose end is on_fetched. A refresh that has been sent must be heard out,
 * whatever limits the callers have: its answer is the only way back in. */
static void on_prepared(ic_engine *engine, ic_token_entry *entry, const ic_error *error) {
    ic_error mine = {0};
    ic_grant grant = IC_GRANT_REFRESH;
    ic_call *call = NULL;
    if (!error && engine->ending)
        ic_error_set(&mine, IC_ERR_CANCELLED, "the process is exiting");
    else if (!error && choose(entry, &grant, &mine) && !(call = ic_call_new(NULL, entry->connection)))
        ic_error_memory(&mine);
    const char *secret = grant == IC_GRANT_REFRESH ? refresh_token(entry) : NULL;
    if (call && ic_grant_request(entry->connection, grant, secret, NULL, &call->request, &mine)) {
        call->on_done = on_fetched;
        call->owner = entry;
        if (grant == IC_GRANT_REFRESH) {
            owe(entry, true);
            call->options.deadline = 0;
            call->options.timeout = fmax(entry->connection->settings.timeout, REFRESH_TIMEOUT);
        }
        entry->fetch = call;
        ic_flow_start(engine, call);
    } else {
        finish(engine, entry, error ? error : &mine);
    }
    ic_call_release(call);
    ic_error_clear(&mine);
}

/* What an error of the token endpoint means for whoever waits. */
static void explain(const ic_token_entry *entry, ic_error *error) {
    const char *code = error->code ? error->code : "", *scopes = entry->connection->settings.scopes;
    ic_buf text = {0};
    if (strcmp(code, "invalid_scope") == 0 && scopes)
        ic_buf_printf(&text, "%s; asked for: %s", ic_error_message(error), scopes);
    char *message = text.length ? ic_buf_take(&text, NULL) : NULL;
    if (!message) return;
    ic_free(error->message);
    error->message = message;
}

static void on_fetched(void *engine, ic_call *call) {
    ic_token_entry *entry = call->owner;
    ic_error error = {0};
    bool save = false;
    entry->fetch = NULL;
    entry->fetched = true;
    if (call->error.kind == IC_OK) {
        entry->answer = call->value.tree;
        entry->answered = call->started;
        call->value.tree = NULL;
        save = take_up(entry, &error);
    } else {
        ic_error_copy(&error, &call->error);
        explain(entry, &error);
    }
    if (error.kind) ic_error_copy(&entry->fault, &error);
    ic_error_clear(&error);
    if (save)
        ic_store_worker_do(engine, entry, IC_STORE_SAVE, on_saved);
    else
        finish(engine, entry, NULL);
}

static void serve(ic_engine *engine, ic_token_entry *entry, ic_call *waiter, const ic_error *error) {
    if (error) {
        ic_flow_fail(engine, waiter, error);
    } else if (!waiter->purpose) {
        waiter->served = true;
        ic_flow_advance(engine, waiter);
    } else if (waiter->purpose != IC_PURPOSE_INSPECT || describe(entry, waiter, ic_now())) {
        ic_flow_complete(engine, waiter);
    } else {
        ic_error memory = {0};
        ic_error_memory(&memory);
        ic_flow_fail(engine, waiter, &memory);
    }
}

/* Those that join while the waiters are served, and a change that was asked for meanwhile, begin the work
 * anew. */
static void on_unlocked(ic_engine *engine, ic_token_entry *entry, const ic_error *error) {
    (void)error; /* the token is kept; whoever comes next will hear of the lock */
    owe(entry, false);
    if (entry->change) {
        begin(engine, entry);
        return;
    }
    ic_list waiters = entry->waiters;
    ic_error fault = entry->fault;
    entry->waiters = (ic_list){0};
    entry->fault = (ic_error){0};
    entry->busy = false;
    for (ic_call *waiter = waiters.first; waiter; waiter = waiter->next)
        waiter->list = &waiters;
    for (ic_call *waiter; (waiter = waiters.first);) {
        ic_list_remove(waiter);
        serve(engine, entry, waiter, fault.kind ? &fault : NULL);
    }
    ic_error_clear(&fault);
}
