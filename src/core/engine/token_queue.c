/* The token entries, and the calls that wait for their tokens. */
#include "core/engine/token_queue.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/engine/token_work.h"
#include "core/engine/transfer.h"

#define LOOK_TIME 5.0 /* seconds between two checks whether the shared store has a token */

/* Seconds that a token of no client is kept after its last use. */
#define KEPT_UNUSED 60.0

static ic_token_entry *token_entry_new(ic_engine *engine, ic_connection *connection) {
    ic_token_entry *entry = ic_calloc(1, sizeof *entry);
    if (!entry) return NULL;
    entry->key = ic_strdup(connection->token_key);
    if (!entry->key || !ic_store_worker_init(engine, &entry->worker, connection->settings.store, entry)) {
        ic_free(entry->key);
        ic_free(entry);
        return NULL;
    }
    entry->next = engine->token_entries;
    engine->token_entries = entry;
    ic_table_add(&engine->token_entries_by_key, &entry->node, entry->key);
    return entry;
}

/* Whether machines share a person's token. */
static bool token_is_shared(const ic_connection *connection) {
    return connection->shared_store && ic_connection_is_personal(connection);
}

static ic_token_entry *token_entry_of(ic_engine *engine, ic_connection *connection) {
    ic_client *client = ic_client_of(engine, connection);
    if (!client || client->token_entry) return client ? client->token_entry : NULL;
    if (token_is_shared(connection) && !engine->look_timer.index)
        ic_timer_set(&engine->timers, &engine->look_timer, ic_now() + LOOK_TIME);
    ic_table_node *node = ic_table_find(&engine->token_entries_by_key, connection->token_key);
    client->token_entry = node ? (ic_token_entry *)node : token_entry_new(engine, connection);
    if (client->token_entry) client->token_entry->users++;
    return client->token_entry;
}

static void token_entry_free(ic_engine *engine, ic_token_entry *entry) {
    ic_table_remove(&engine->token_entries_by_key, &entry->node);
    ic_store_worker_clear(engine, &entry->worker);
    ic_token_state_clear(&entry->state);
    ic_token_clear(&entry->exchanged);
    cJSON_Delete(entry->answer);
    ic_error_clear(&entry->error);
    ic_error_clear(&entry->refusal);
    ic_connection_release(entry->connection);
    ic_free(entry->key);
    ic_free(entry);
}

void ic_token_queue_forget(ic_client *client) {
    if (client->token_entry) client->token_entry->users--;
}

/* Whether the entry can be freed and nothing is lost. A refresh token that no store has would be lost, and
 * with it a person's login. A token that was used recently may be needed again soon, when a script makes a
 * new client for each call. */
static bool token_entry_is_idle(const ic_token_entry *entry, double now) {
    if (entry->users || entry->busy || entry->waiters.first || entry->connection) return false;
    if (entry->state.token.refresh_token && !entry->persists) return false;
    return !ic_token_state_is_usable(&entry->state, now) || now - entry->used >= KEPT_UNUSED;
}

void ic_token_queue_tidy(ic_engine *engine, double now) {
    for (ic_token_entry **link = &engine->token_entries, *entry; (entry = *link);) {
        if (!token_entry_is_idle(entry, now)) {
            link = &entry->next;
            continue;
        }
        *link = entry->next;
        token_entry_free(engine, entry);
    }
}

void ic_token_queue_free(ic_engine *engine) {
    for (ic_token_entry *entry; (entry = engine->token_entries);) {
        engine->token_entries = entry->next;
        token_entry_free(engine, entry);
    }
    ic_table_free(&engine->token_entries_by_key);
}

void ic_token_queue_save_last(ic_engine *engine) {
    for (ic_token_entry *entry = engine->token_entries; entry; entry = entry->next)
        if (entry->state.unsaved && entry->connection && !entry->busy &&
            (entry->worker.store || entry->connection->shared_store))
            ic_token_work_begin(engine, entry);
}

bool ic_token_queue_is_refreshing(const ic_engine *engine) {
    for (const ic_token_entry *entry = engine->token_entries; entry; entry = entry->next)
        if (ic_store_worker_is_saving(&entry->worker) ||
            (entry->fetch && !entry->fetch->request.repeatable && ic_transfer_sent(entry->fetch)))
            return true;
    return false;
}

void ic_token_queue_refused(ic_call *call) {
    if (call->token_entry) ic_token_state_refuse(&call->token_entry->state, call->token_generation);
}

bool ic_token_queue_can_renew(const ic_call *call) {
    return call->token_entry != NULL && !call->purpose;
}

/* Puts the call among the entry's waiters. False: out of memory, and the call has ended. */
static bool token_wait(ic_engine *engine, ic_call *call) {
    if (!call->token_entry) call->token_entry = token_entry_of(engine, call->connection);
    if (call->token_entry) {
        call->state = IC_STATE_WAIT_TOKEN;
        ic_list_append(&call->token_entry->waiters, call);
        return true;
    }
    ic_error error = {0};
    ic_error_memory(&error);
    engine->flow->fail(engine, call, &error);
    return false;
}

/* A shared Redis may lose its data while machines still have a person's token from it. The machine that has
 * the newest one saves it again, so that a machine that starts finds it. So each machine checks from time to
 * time whether the store still has it. */
static void token_look(ic_engine *engine, ic_token_entry *entry, ic_connection *connection) {
    if (!token_is_shared(connection) || entry->busy) return;
    if (!entry->connection) {
        ic_connection_retain(connection);
        entry->connection = connection;
    }
    ic_token_work_begin(engine, entry);
}

/* Looks for each token that a client of this process has, used or not. */
static void token_on_look(void *owner_engine, void *owner, double now) {
    ic_engine *engine = owner_engine;
    bool any = false;
    (void)owner;
    for (ic_client *client = engine->clients; client; client = client->next) {
        ic_token_entry *entry = client->token_entry;
        if (!entry || !token_is_shared(client->connection)) continue;
        any = true;
        bool due = now >= entry->looked + LOOK_TIME / 2; /* unless a call has caused it just now */
        if (due && entry->state.token.refresh_token) token_look(engine, entry, client->connection);
    }
    if (any) ic_timer_set(&engine->timers, &engine->look_timer, now + LOOK_TIME);
}

bool ic_token_queue_init(ic_engine *engine) {
    engine->look_timer = (ic_timer){.fire = token_on_look};
    return ic_timers_reserve(&engine->timers);
}

const char *ic_token_queue_bearer(ic_engine *engine, ic_call *call, double now) {
    if (call->connection->settings.token) return call->connection->settings.token;
    if (!call->token_entry) call->token_entry = token_entry_of(engine, call->connection);
    ic_token_entry *entry = call->token_entry;
    /* A token that has just been fetched for this call is used even if it expires at once: another fetch
     * would bring no better one. */
    if (entry &&
        (ic_token_entry_is_usable(entry, now) || (call->served && ic_token_entry_is_usable(entry, 0)))) {
        call->served = false;
        /* A call is renewed once. The first token from the store, which another process has saved, does not
         * count. */
        if (call->renewed && entry->state.from_store && !call->second_chance) {
            call->second_chance = true;
            call->renewed = false;
        }
        call->token_generation = entry->state.generation;
        entry->used = now;
        if (now >= entry->looked + LOOK_TIME) token_look(engine, entry, call->connection);
        return entry->state.token.access_token;
    }
    /* Makes the entry if it is missing: an earlier try may have run out of memory. */
    if (token_wait(engine, call) && !call->token_entry->busy) ic_token_work_begin(engine, call->token_entry);
    return NULL;
}

/* ---- internal requests ---- */

/* Reads the token that a code was exchanged for, which is kept until the store is locked. False: there is no
 * token in the answer. */
static bool token_take_exchanged(ic_token_entry *entry, ic_call *call, ic_error *error) {
    ic_token token = {0};
    double expires = 0;
    bool read = ic_token_state_read(call->value.tree, call->started, ic_now(), ic_wall_time(), &token,
                                    &expires, error);
    ic_value_free(&call->value);
    if (!read) {
        ic_token_clear(&token);
        return false;
    }
    ic_token_clear(&entry->exchanged);
    entry->exchanged = token;
    ic_stats_count(IC_COUNT_TOKENS);
    entry->exchanged_expires = expires;
    return true;
}

void ic_token_queue_perform(ic_engine *engine, ic_call *call) {
    ic_error error = {0};
    if (call->connection->settings.token) {
        engine->flow->complete(engine, call); /* a static token is neither fetched nor forgotten */
        return;
    }
    if (!token_wait(engine, call)) return;
    ic_token_entry *entry = call->token_entry;
    if (call->purpose == IC_PURPOSE_EXCHANGE && !token_take_exchanged(entry, call, &error)) {
        ic_list_remove(call);
        engine->flow->fail(engine, call, &error);
        ic_error_clear(&error);
        return;
    }
    if (call->purpose == IC_PURPOSE_EXCHANGE || call->purpose == IC_PURPOSE_FORGET) {
        entry->change = call->purpose;
        ic_transfers_forget(engine, NULL); /* their handles hold the bearer that is replaced */
    }
    if (!entry->busy) ic_token_work_begin(engine, entry);
}
