#include "core/engine/keeper.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include <string.h>

/* Seconds between two tries for the file's lock, and until it is given up: another process may be waiting for
 * the token endpoint with it. */
#define LOCK_PAUSE    0.05
#define LOCK_PATIENCE 90.0

static const char *const step_names[] = {[IC_KEEP_LOCK] = "lock",
                                         [IC_KEEP_LOAD] = "load",
                                         [IC_KEEP_PREPARE] = "prepare",
                                         [IC_KEEP_SAVE] = "save",
                                         [IC_KEEP_UNLOCK] = "unlock"};

static void try_lock(void *engine, void *owner, double now);
static void ask(ic_engine *engine, ic_slot *slot, ic_keep step);

bool ic_keeper_outlives(const ic_slot *slot) {
    return slot->store || slot->connection->store_mailbox;
}

static bool holds(const ic_token *token) {
    return token->access_token || token->refresh_token;
}

static bool in_file(ic_slot *slot, ic_keep step, ic_error *error) {
    const char *key = slot->connection->store_key;
    switch (step) {
    case IC_KEEP_LOAD: return ic_store_load(slot->store, key, &slot->found, error) >= 0;
    case IC_KEEP_PREPARE: return ic_store_prepare(slot->store, error);
    case IC_KEEP_SAVE:
        return ic_store_save(slot->store, key, holds(&slot->token) ? &slot->token : NULL, error);
    default: ic_store_unlock(slot->store); return true;
    }
}

void ic_keeper_do(ic_engine *engine, ic_slot *slot, ic_keep step, ic_next *next) {
    slot->next_step = next;
    if (step == IC_KEEP_LOAD) ic_token_clear(&slot->found);
    if (!ic_keeper_outlives(slot) || (!slot->store && step == IC_KEEP_PREPARE)) {
        next(engine, slot, NULL);
    } else if (!slot->store) {
        ask(engine, slot, step);
    } else if (step == IC_KEEP_LOCK) {
        slot->lock_until = ic_now() + LOCK_PATIENCE;
        try_lock(engine, slot, ic_now());
    } else {
        ic_error error = {0};
        bool done = in_file(slot, step, &error);
        next(engine, slot, done ? NULL : &error);
        ic_error_clear(&error);
    }
}

static void try_lock(void *engine, void *owner, double now) {
    ic_slot *slot = owner;
    ic_error error = {0};
    int locked = ic_store_lock(slot->store, &error);
    if (locked == 0 && now < slot->lock_until) {
        slot->timer.ring = try_lock;
        ic_timer_set(&((ic_engine *)engine)->timers, &slot->timer, now + LOCK_PAUSE * (0.5 + ic_dice()));
        return;
    }
    if (locked == 0)
        ic_error_set(&error, IC_ERR_STORE, "another process has kept %s locked for %.0f s",
                     slot->connection->settings.store, LOCK_PATIENCE);
    slot->next_step(engine, slot, locked > 0 ? NULL : &error);
    ic_error_clear(&error);
}

/* ---- a store written in Lua ---- */

static cJSON *question(const ic_slot *slot, ic_keep step) {
    cJSON *tree = cJSON_CreateObject(), *token = NULL;
    bool whole = tree && cJSON_AddStringToObject(tree, "step", step_names[step]) &&
                 cJSON_AddStringToObject(tree, "key", slot->connection->store_key) &&
                 cJSON_AddNumberToObject(tree, "store", (double)slot->connection->store_id);
    if (whole && step == IC_KEEP_SAVE && holds(&slot->token)) {
        token = ic_token_to_json(&slot->token);
        whole = token && cJSON_AddItemToObject(tree, "token", token);
        if (!whole) cJSON_Delete(token);
    }
    if (whole) return tree;
    cJSON_Delete(tree);
    return NULL;
}

/* A message is a call of its own, whose question is its value until it is answered. */
static void ask(ic_engine *engine, ic_slot *slot, ic_keep step) {
    ic_error error = {0};
    /* Of whoever waits: after a fork the one from connecting is another process's. */
    ic_mailbox *mailbox =
        slot->waiters.first ? slot->waiters.first->mailbox : slot->connection->store_mailbox;
    ic_call *call = ic_call_new(mailbox, slot->connection);
    if (call) {
        call->errand = IC_ERRAND_ASK;
        call->owner = slot;
        call->value.kind = IC_VALUE_TREE;
        call->value.tree = question(slot, step);
    }
    if (!call || !call->value.tree) {
        ic_error_memory(&error);
    } else if (!ic_call_post(call, IC_NOTICE_ASK)) {
        ic_error_set(&error, IC_ERR_STORE, "the Lua state that keeps the tokens has ended");
    }
    slot->step = step;
    slot->ask = error.kind ? NULL : call;
    if (error.kind) {
        ic_call_release(call);
        slot->next_step(engine, slot, &error);
    }
    ic_error_clear(&error);
}

static bool read_answer(ic_slot *slot, const ic_call *call, ic_error *error) {
    const cJSON *answer = call->answer, *failure = ic_json_member(answer, "error");
    if (!answer || failure) {
        ic_error_set(error, IC_ERR_STORE, "the token store failed to %s: %s", step_names[slot->step],
                     cJSON_IsString(failure) ? failure->valuestring : "it did not answer");
        return false;
    }
    const cJSON *token = ic_json_member(answer, "token");
    ic_error odd = {0};
    bool good = slot->step != IC_KEEP_LOAD || !token || ic_token_from_json(token, &slot->found, &odd);
    if (!good)
        ic_error_set(error, IC_ERR_STORE, "the token store answered with no token: %s",
                     ic_error_message(&odd));
    ic_error_clear(&odd);
    return good;
}

void ic_keeper_answered(ic_engine *engine, ic_call *call) {
    ic_slot *slot = call->owner;
    if (call->errand != IC_ERRAND_ASK || slot->ask != call) return;
    ic_error error = {0};
    bool good = read_answer(slot, call, &error);
    slot->ask = NULL;
    slot->next_step(engine, slot, good ? NULL : &error);
    ic_error_clear(&error);
    ic_call_release(call);
}
