#include "core/engine/store_worker.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include <string.h>

/* Seconds between two tries for the file's lock, and until it is given up: another process may be waiting for
 * the token endpoint with it. */
#define LOCK_PAUSE    0.05
#define LOCK_PATIENCE 90.0

static const char *const step_names[] = {[IC_STORE_LOCK] = "lock",
                                         [IC_STORE_LOAD] = "load",
                                         [IC_STORE_PREPARE] = "prepare",
                                         [IC_STORE_SAVE] = "save",
                                         [IC_STORE_UNLOCK] = "unlock"};

static void try_lock(void *engine, void *owner, double now);
static void ask(ic_engine *engine, ic_token_entry *entry, ic_store_step step);

bool ic_store_worker_persists(const ic_token_entry *entry) {
    return entry->store || entry->connection->store_mailbox;
}

static bool holds(const ic_token *token) {
    return token->access_token || token->refresh_token;
}

static bool in_file(ic_token_entry *entry, ic_store_step step, ic_error *error) {
    const char *key = entry->connection->store_key;
    switch (step) {
    case IC_STORE_LOAD: return ic_store_load(entry->store, key, &entry->found, error) >= 0;
    case IC_STORE_PREPARE: return ic_store_prepare(entry->store, error);
    case IC_STORE_SAVE:
        return ic_store_save(entry->store, key, holds(&entry->token) ? &entry->token : NULL, error);
    default: ic_store_unlock(entry->store); return true;
    }
}

void ic_store_worker_do(ic_engine *engine, ic_token_entry *entry, ic_store_step step, ic_next *next) {
    entry->next_step = next;
    if (step == IC_STORE_LOAD) ic_token_clear(&entry->found);
    if (!ic_store_worker_persists(entry) || (!entry->store && step == IC_STORE_PREPARE)) {
        next(engine, entry, NULL);
    } else if (!entry->store) {
        ask(engine, entry, step);
    } else if (step == IC_STORE_LOCK) {
        entry->lock_until = ic_now() + LOCK_PATIENCE;
        try_lock(engine, entry, ic_now());
    } else {
        ic_error error = {0};
        bool done = in_file(entry, step, &error);
        next(engine, entry, done ? NULL : &error);
        ic_error_clear(&error);
    }
}

static void try_lock(void *engine, void *owner, double now) {
    ic_token_entry *entry = owner;
    ic_error error = {0};
    int locked = ic_store_lock(entry->store, &error);
    if (locked == 0 && now < entry->lock_until) {
        entry->timer.ring = try_lock;
        ic_timer_set(&((ic_engine *)engine)->timers, &entry->timer, now + LOCK_PAUSE * (0.5 + ic_dice()));
        return;
    }
    if (locked == 0)
        ic_error_set(&error, IC_ERR_STORE, "another process has kept %s locked for %.0f s",
                     entry->connection->settings.store, LOCK_PATIENCE);
    entry->next_step(engine, entry, locked > 0 ? NULL : &error);
    ic_error_clear(&error);
}

/* ---- a store written in Lua ---- */

static cJSON *question(const ic_token_entry *entry, ic_store_step step) {
    cJSON *tree = cJSON_CreateObject(), *token = NULL;
    bool whole = tree && cJSON_AddStringToObject(tree, "step", step_names[step]) &&
                 cJSON_AddStringToObject(tree, "key", entry->connection->store_key) &&
                 cJSON_AddNumberToObject(tree, "store", (double)entry->connection->store_id);
    if (whole && step == IC_STORE_SAVE && holds(&entry->token)) {
        token = ic_token_to_json(&entry->token);
        whole = token && cJSON_AddItemToObject(tree, "token", token);
        if (!whole) cJSON_Delete(token);
    }
    if (whole) return tree;
    cJSON_Delete(tree);
    return NULL;
}

/* A message is a call of its own, whose question is its value until it is answered. */
static void ask(ic_engine *engine, ic_token_entry *entry, ic_store_step step) {
    ic_error error = {0};
    /* Of whoever waits: after a fork the one from connecting is another process's. */
    ic_mailbox *mailbox =
        entry->waiters.first ? entry->waiters.first->mailbox : entry->connection->store_mailbox;
    ic_call *call = ic_call_new(mailbox, entry->connection);
    if (call) {
        call->purpose = IC_PURPOSE_ASK;
        call->owner = entry;
        call->value.kind = IC_VALUE_TREE;
        call->value.tree = question(entry, step);
    }
    if (!call || !call->value.tree) {
        ic_error_memory(&error);
    } else if (!ic_call_post(call, IC_NOTICE_ASK)) {
        ic_error_set(&error, IC_ERR_STORE, "the Lua state that keeps the tokens has ended");
    }
    entry->step = step;
    entry->ask = error.kind ? NULL : call;
    if (error.kind) {
        ic_call_release(call);
        entry->next_step(engine, entry, &error);
    }
    ic_error_clear(&error);
}

static bool read_answer(ic_token_entry *entry, const ic_call *call, ic_error *error) {
    const cJSON *answer = call->answer, *failure = ic_json_member(answer, "error");
    if (!answer || failure) {
        ic_error_set(error, IC_ERR_STORE, "the token store failed to %s: %s", step_names[entry->step],
                     cJSON_IsString(failure) ? failure->valuestring : "it did not answer");
        return false;
    }
    const cJSON *token = ic_json_member(answer, "token");
    ic_error odd = {0};
    bool good = entry->step != IC_STORE_LOAD || !token || ic_token_from_json(token, &entry->found, &odd);
    if (!good)
        ic_error_set(error, IC_ERR_STORE, "the token store answered with no token: %s",
                     ic_error_message(&odd));
    ic_error_clear(&odd);
    return good;
}

void ic_store_worker_answered(ic_engine *engine, ic_call *call) {
    ic_token_entry *entry = call->owner;
    if (call->purpose != IC_PURPOSE_ASK || entry->ask != call) return;
    ic_error error = {0};
    bool good = read_answer(entry, call, &error);
    entry->ask = NULL;
    entry->next_step(engine, entry, good ? NULL : &error);
    ic_error_clear(&error);
    ic_call_release(call);
}
