/* The work on a token entry, in the order of its steps. */
#include "core/engine/token_work.h"
#include "core/auth/grant.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/catalog/scopes.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The shortest timeout of a refresh, in seconds: the new refresh token is in its answer. A process that was
 * frozen for a minute still reads it. */
#define REFRESH_TIMEOUT 180.0
/* How long a refresh token that was refused is not sent again, in seconds. */
#define REFUSED_TIME 30.0

static ic_store_done token_on_locked, token_on_loaded, token_on_prepared, token_on_nothing_left,
    token_on_saved, token_on_unlocked;
static void token_on_fetched(void *engine, ic_call *call);

static void token_store(ic_engine *engine, ic_token_entry *entry, ic_store_step step, ic_store_done *done) {
    const ic_call *waiter = entry->waiters.first;
    entry->worker.connection = entry->connection;
    /* The mailbox of a call that waits: after a fork, the connection's is that of another process. */
    entry->worker.mailbox = waiter ? waiter->mailbox : entry->connection->store_mailbox;
    ic_store_worker_do(engine, &entry->worker, step, &entry->state.token, done);
}

void ic_token_work_begin(ic_engine *engine, ic_token_entry *entry) {
    /* Use the connection of a call that waits now. Its options may differ from those of the entry's first
     * one. */
    if (entry->waiters.first) {
        ic_connection *connection = entry->waiters.first->connection;
        ic_connection_retain(connection);
        ic_connection_release(entry->connection);
        entry->connection = connection;
    }
    entry->worker.connection = entry->connection;
    entry->persists = ic_store_worker_persists(&entry->worker);
    entry->busy = true;
    entry->fetched = false;
    ic_error_clear(&entry->error);
    token_store(engine, entry, IC_STORE_LOCK, token_on_locked);
}

/* Makes {expires_in, scope} the call's value. False when out of memory. */
static bool token_describe(const ic_token_entry *entry, ic_call *call, double now) {
    const ic_token *token = &entry->state.token;
    call->value.tree = cJSON_CreateObject();
    call->value.kind = IC_VALUE_TREE;
    return call->value.tree &&
           (token->expires_at == 0 || cJSON_AddNumberToObject(call->value.tree, "expires_in",
                                                              floor(fmax(0, entry->state.expires - now)))) &&
           (!token->scope || cJSON_AddStringToObject(call->value.tree, "scope", token->scope));
}

static bool token_has_waiter(const ic_token_entry *entry, ic_purpose purpose) {
    for (const ic_call *waiter = entry->waiters.first; waiter; waiter = waiter->next)
        if (waiter->purpose == purpose) return true;
    return false;
}

static bool token_is_wanted(const ic_token_entry *entry) {
    return token_has_waiter(entry, IC_PURPOSE_NONE) || token_has_waiter(entry, IC_PURPOSE_INSPECT);
}

/* Ends EXCHANGE and FORGET when their change has been saved. The work may continue and fetch a token for
 * others, and a logout must not wait for that. */
static void token_end_changes(ic_engine *engine, ic_token_entry *entry) {
    for (ic_call *call = entry->waiters.first, *next; call && !entry->change; call = next) {
        next = call->next;
        if (call->purpose != IC_PURPOSE_EXCHANGE && call->purpose != IC_PURPOSE_FORGET) continue;
        ic_list_remove(call);
        engine->flow->complete(engine, call);
    }
}

/* Ends the work. `error` is NULL, or why it failed; an earlier error stays. */
static void token_finish(ic_engine *engine, ic_token_entry *entry, const ic_error *error) {
    if (error && entry->error.kind == IC_OK) ic_error_copy(&entry->error, error);
    token_store(engine, entry, IC_STORE_UNLOCK, token_on_unlocked);
}

static void token_make_change(ic_token_entry *entry) {
    if (entry->change == IC_PURPOSE_EXCHANGE)
        ic_token_state_replace(&entry->state, entry->exchanged, entry->exchanged_expires);
    else
        ic_token_state_replace(&entry->state, (ic_token){0}, 0);
    entry->forgetting = entry->change == IC_PURPOSE_FORGET;
    entry->exchanged = (ic_token){0};
    entry->change = IC_PURPOSE_NONE;
}

/* False: there is nothing to save. When out of memory, the answer is kept, and the next work applies it. */
static bool token_apply_answer(ic_token_entry *entry, ic_error *error) {
    bool changed = ic_token_state_apply(&entry->state, entry->answer, entry->answer_sent_at, ic_now(),
                                        ic_wall_time(), error);
    if (!changed && error->kind == IC_ERR_MEMORY) return false;
    cJSON_Delete(entry->answer);
    entry->answer = NULL;
    return changed;
}

static void token_on_locked(ic_engine *engine, void *owner, const ic_error *error) {
    ic_token_entry *entry = owner;
    bool changed = entry->change != IC_PURPOSE_NONE;
    /* Before a login, the token that the store has does not matter, and it may be damaged. */
    bool prepares = token_has_waiter(entry, IC_PURPOSE_PREPARE) && !token_is_wanted(entry) &&
                    ic_store_worker_prepares(&entry->worker);
    /* A change is made even when it cannot be saved: the next work tries to save it again. */
    if (changed) token_make_change(entry);
    ic_error again = {0};
    if (!error && !changed && entry->answer) changed = token_apply_answer(entry, &again);
    ic_error_clear(&again);
    if (error)
        token_on_saved(engine, entry, error);
    else if (changed)
        token_store(engine, entry, IC_STORE_SAVE, token_on_saved);
    else if (prepares)
        token_store(engine, entry, IC_STORE_PREPARE, token_on_nothing_left);
    else
        token_store(engine, entry, IC_STORE_LOAD, token_on_loaded);
}

static void token_on_nothing_left(ic_engine *engine, void *owner, const ic_error *error) {
    token_finish(engine, owner, error);
}

static const char *token_refresh_token(const ic_token_entry *entry) {
    const char *known = entry->state.token.refresh_token;
    return known ? known : entry->connection->settings.refresh_token;
}

/* The service has refused the refresh token. */
static void token_note_refusal(ic_token_entry *entry, const ic_error *error) {
    const char *sent = token_refresh_token(entry);
    if (error->kind != IC_ERR_AUTH || !entry->connection->shared_store || !sent) return;
    if (!ic_sha256(sent, strlen(sent), entry->refused, NULL)) return;
    entry->refused_at = ic_now();
    ic_error_clear(&entry->refusal);
    ic_error_copy(&entry->refusal, error);
}

static bool token_was_refused(const ic_token_entry *entry) {
    const char *next = token_refresh_token(entry);
    char digest[IC_SHA256_HEX];
    if (!entry->refusal.kind || ic_now() > entry->refused_at + REFUSED_TIME || !next) return false;
    return ic_sha256(next, strlen(next), digest, NULL) && strcmp(digest, entry->refused) == 0;
}

/* The store is locked, and the token has been saved or loaded. */
static void token_settle(ic_engine *engine, ic_token_entry *entry) {
    bool lacks = token_is_wanted(entry) && !entry->fetched && !ic_token_entry_is_usable(entry, ic_now());
    if (lacks && token_was_refused(entry))
        token_finish(engine, entry, &entry->refusal);
    else if (lacks)
        token_store(engine, entry, IC_STORE_PREPARE, token_on_prepared);
    else if (token_has_waiter(entry, IC_PURPOSE_PREPARE))
        token_store(engine, entry, IC_STORE_PREPARE, token_on_nothing_left);
    else
        token_finish(engine, entry, NULL);
}

static void token_on_loaded(ic_engine *engine, void *owner, const ic_error *error) {
    ic_token_entry *entry = owner;
    ic_token *found = &entry->worker.found;
    if (error) {
        token_finish(engine, entry, error);
    } else if (ic_token_state_goes_before(&entry->state, found) ||
               ic_store_worker_is_behind(&entry->worker)) {
        token_store(engine, entry, IC_STORE_SAVE, token_on_saved);
    } else {
        if (ic_store_worker_persists(&entry->worker))
            ic_token_state_load(&entry->state, found, ic_now(), ic_wall_time());
        token_settle(engine, entry);
    }
}

/* Chooses the grant that gets a token now. False with AUTH when a person has to log in. */
static bool token_choose_grant(const ic_token_entry *entry, ic_grant *grant, ic_error *error) {
    *grant = token_refresh_token(entry) ? IC_GRANT_REFRESH : IC_GRANT_CLIENT_CREDENTIALS;
    if (*grant == IC_GRANT_REFRESH || !ic_connection_is_personal(entry->connection)) return true;
    ic_error_set(error, IC_ERR_AUTH,
                 "nobody has logged in yet: use ironclad.login, or client:authorize_url and client:exchange");
    return false;
}

static void token_count_unsaved(ic_token_entry *entry, bool unsaved) {
    ic_mailbox *mailbox = entry->connection->store_mailbox;
    if (mailbox && entry->counted_unsaved != unsaved) ic_mailbox_add_unsaved(mailbox, unsaved ? 1 : -1);
    entry->counted_unsaved = mailbox && unsaved;
}

/* Starts a call of the engine's own, which ends in token_on_fetched. The wait for the answer to a refresh
 * does not depend on the callers' limits: without its new refresh token, a person would have to log in
 * again. */
static void token_on_prepared(ic_engine *engine, void *owner, const ic_error *error) {
    ic_token_entry *entry = owner;
    ic_error mine = {0};
    ic_grant grant = IC_GRANT_REFRESH;
    ic_call *call = NULL;
    if (!error && engine->ending)
        ic_error_set(&mine, IC_ERR_CANCELLED, "the process is exiting");
    else if (!error && token_choose_grant(entry, &grant, &mine) &&
             !(call = ic_call_new(NULL, entry->connection)))
        ic_error_memory(&mine);
    const char *secret = grant == IC_GRANT_REFRESH ? token_refresh_token(entry) : NULL;
    if (call && ic_grant_request(entry->connection, grant, secret, NULL, &call->request, &mine)) {
        call->on_done = token_on_fetched;
        call->owner = entry;
        if (grant == IC_GRANT_REFRESH) {
            token_count_unsaved(entry, true);
            call->options.deadline = 0;
            call->options.timeout = fmax(entry->connection->settings.timeout, REFRESH_TIMEOUT);
        }
        entry->fetch = call;
        engine->flow->start(engine, call);
    } else {
        token_finish(engine, entry, error ? error : &mine);
    }
    ic_call_release(call);
    ic_error_clear(&mine);
}

/* Appends what was probably meant by each scope that is not known. */
static void token_suggest_scopes(const char *scopes, ic_buf *text) {
    char name[128];
    for (size_t length; *scopes; scopes += length + strspn(scopes + length, " ")) {
        length = strcspn(scopes, " ");
        if (length >= sizeof name) continue;
        snprintf(name, sizeof name, "%.*s", (int)length, scopes);
        const char *nearest = ic_scope_find(name) ? NULL : ic_scope_nearest(name);
        if (nearest) ic_buf_printf(text, "; %s is not known: did you mean %s?", name, nearest);
    }
}

/* Adds the scopes to an error of the token endpoint that is about them. */
static void token_explain(const ic_token_entry *entry, ic_error *error) {
    const char *code = error->code ? error->code : "", *scopes = entry->connection->settings.scopes;
    ic_buf text = {0};
    if (strcmp(code, "invalid_scope") == 0 && scopes) {
        ic_buf_printf(&text, "%s; asked for: %s", ic_error_message(error), scopes);
        token_suggest_scopes(scopes, &text);
        ic_error_restate(error, ic_buf_text(&text));
    }
    ic_buf_free(&text);
}

static void token_on_fetched(void *engine, ic_call *call) {
    ic_token_entry *entry = call->owner;
    ic_error error = {0};
    bool changed = false;
    entry->fetch = NULL;
    entry->fetched = true;
    if (call->error.kind == IC_OK) {
        entry->answer = call->value.tree;
        entry->answer_sent_at = call->started;
        call->value.tree = NULL;
        changed = token_apply_answer(entry, &error);
        if (changed) ic_stats_count(IC_COUNT_TOKENS);
    } else {
        ic_error_copy(&error, &call->error);
        token_explain(entry, &error);
        token_note_refusal(entry, &error);
    }
    if (error.kind) ic_error_copy(&entry->error, &error);
    ic_error_clear(&error);
    if (changed)
        token_store(engine, entry, IC_STORE_SAVE, token_on_saved);
    else
        token_finish(engine, entry, NULL);
}

static void token_on_saved(ic_engine *engine, void *owner, const ic_error *error) {
    ic_token_entry *entry = owner;
    bool forgetting = entry->forgetting;
    entry->forgetting = false;
    if (!error) {
        ic_token_state_saved(&entry->state);
        token_end_changes(engine, entry);
    } else if (forgetting) {
        /* The store still has the token. The next work loads it, because another process may have replaced it
         * by then. */
        entry->state.unsaved = false;
    }
    if (error || entry->error.kind)
        token_finish(engine, entry, error);
    else
        token_settle(engine, entry);
}

static void token_serve(ic_engine *engine, ic_token_entry *entry, ic_call *waiter, const ic_error *error) {
    if (error) {
        engine->flow->fail(engine, waiter, error);
    } else if (!waiter->purpose) {
        waiter->served = true;
        engine->flow->advance(engine, waiter);
    } else if (waiter->purpose != IC_PURPOSE_INSPECT || token_describe(entry, waiter, ic_now())) {
        engine->flow->complete(engine, waiter);
    } else {
        ic_error memory = {0};
        ic_error_memory(&memory);
        engine->flow->fail(engine, waiter, &memory);
    }
}

/* Serves the waiters. The work begins again if a change was asked for meanwhile, or if calls begin to wait
 * while the waiters are served. */
static void token_on_unlocked(ic_engine *engine, void *owner, const ic_error *error) {
    ic_token_entry *entry = owner;
    (void)error; /* the token is saved; the next work fails with the lock's error */
    token_count_unsaved(entry, false);
    if (entry->change) {
        ic_token_work_begin(engine, entry);
        return;
    }
    ic_list waiters = entry->waiters;
    ic_error first_error = entry->error;
    entry->waiters = (ic_list){0};
    entry->error = (ic_error){0};
    entry->looked = ic_now();
    entry->busy = false;
    if (!entry->state.unsaved && !entry->answer) {
        ic_connection_release(entry->connection);
        entry->connection = NULL;
    }
    for (ic_call *waiter = waiters.first; waiter; waiter = waiter->next)
        waiter->list = &waiters;
    for (ic_call *waiter; (waiter = waiters.first);) {
        ic_list_remove(waiter);
        token_serve(engine, entry, waiter, first_error.kind ? &first_error : NULL);
    }
    ic_error_clear(&first_error);
}
