/* The store worker: a file store's steps are done at once, except for its lock; a store written in Lua is
 * asked. */
#include "core/engine/store_worker.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include <string.h>

/* Seconds between two tries for the file's lock, and until the worker gives up: another process may be
 * waiting for the token endpoint while it holds the lock. */
#define LOCK_PAUSE    0.05
#define LOCK_PATIENCE 90.0

static const char *const step_names[] = {[IC_STORE_LOCK] = "lock",
                                         [IC_STORE_LOAD] = "load",
                                         [IC_STORE_PREPARE] = "prepare",
                                         [IC_STORE_SAVE] = "save",
                                         [IC_STORE_UNLOCK] = "unlock"};

bool ic_store_worker_init(ic_engine *engine, ic_store_worker *worker, const char *path, void *owner) {
    *worker = (ic_store_worker){.owner = owner, .store = path ? ic_store_new(path, NULL) : NULL};
    worker->timer.owner = worker;
    if ((worker->store || !path) && ic_timers_reserve(&engine->timers)) {
        if (ic_shared_store_init(engine, &worker->shared, worker, &worker->found)) return true;
        ic_timers_release(&engine->timers, &worker->timer);
    }
    ic_store_free(worker->store);
    return false;
}

void ic_store_worker_clear(ic_engine *engine, ic_store_worker *worker) {
    ic_timers_release(&engine->timers, &worker->timer);
    ic_shared_store_clear(&worker->shared);
    ic_store_free(worker->store);
    ic_token_clear(&worker->found);
    if (worker->question) worker->question->owner = NULL;
    ic_call_release(worker->question);
}

bool ic_store_worker_persists(const ic_store_worker *worker) {
    return worker->store || worker->connection->store_mailbox || worker->connection->shared_store;
}

bool ic_store_worker_prepares(const ic_store_worker *worker) {
    return worker->store || worker->connection->shared_store;
}

bool ic_store_worker_is_behind(const ic_store_worker *worker) {
    return worker->connection->shared_store && ic_shared_store_is_behind(&worker->shared);
}

bool ic_store_worker_is_saving(const ic_store_worker *worker) {
    return worker->shared.command && worker->step == IC_STORE_SAVE;
}

/* ---- a file store ---- */

static bool store_worker_file_step(ic_store_worker *worker, const ic_token *token, ic_error *error) {
    const char *key = worker->connection->store_key;
    switch (worker->step) {
    case IC_STORE_LOAD: return ic_store_load(worker->store, key, &worker->found, error) >= 0;
    case IC_STORE_PREPARE: return ic_store_prepare(worker->store, error);
    case IC_STORE_SAVE:
        return ic_store_save(worker->store, key, ic_token_is_empty(token) ? NULL : token, error);
    default: ic_store_unlock(worker->store); return true;
    }
}

static void store_worker_try_lock(void *engine, void *owner, double now) {
    ic_store_worker *worker = owner;
    ic_error error = {0};
    int locked = ic_store_lock(worker->store, &error);
    if (locked == 0 && now < worker->lock_until) {
        worker->timer.fire = store_worker_try_lock;
        ic_timer_set(&((ic_engine *)engine)->timers, &worker->timer, now + LOCK_PAUSE * (0.5 + ic_random()));
        return;
    }
    if (locked == 0)
        ic_error_set(&error, IC_ERR_STORE, "another process has kept %s locked for %.0f s",
                     worker->connection->settings.store, LOCK_PATIENCE);
    worker->done(engine, worker->owner, locked > 0 ? NULL : &error);
    ic_error_clear(&error);
}

/* ---- the shared Redis ---- */

static void store_worker_on_shared(ic_engine *engine, void *owner, const ic_error *error) {
    ic_store_worker *worker = owner;
    worker->done(engine, worker->owner, error);
}

static void store_worker_shared_step(ic_store_worker *worker, const ic_token *token) {
    ic_shared_store *shared = &worker->shared;
    switch (worker->step) {
    case IC_STORE_LOCK: ic_shared_store_lock(shared, worker->connection, store_worker_on_shared); return;
    case IC_STORE_LOAD: ic_shared_store_load(shared, store_worker_on_shared); return;
    case IC_STORE_PREPARE: ic_shared_store_prepare(shared, store_worker_on_shared); return;
    case IC_STORE_SAVE: ic_shared_store_save(shared, token, store_worker_on_shared); return;
    case IC_STORE_UNLOCK: ic_shared_store_unlock(shared, store_worker_on_shared); return;
    }
}

/* ---- a store written in Lua ---- */

/* {step, key, store, token}; NULL when out of memory. */
static cJSON *store_worker_question(const ic_store_worker *worker, const ic_token *token) {
    cJSON *tree = cJSON_CreateObject(), *json = NULL;
    bool whole = tree && cJSON_AddStringToObject(tree, "step", step_names[worker->step]) &&
                 cJSON_AddStringToObject(tree, "key", worker->connection->store_key) &&
                 cJSON_AddNumberToObject(tree, "store", (double)worker->connection->store_id);
    if (whole && worker->step == IC_STORE_SAVE && !ic_token_is_empty(token)) {
        json = ic_token_to_json(token);
        whole = json && cJSON_AddItemToObject(tree, "token", json);
        if (!whole) cJSON_Delete(json);
    }
    if (whole) return tree;
    cJSON_Delete(tree);
    return NULL;
}

/* The message is a new call, which holds the question as its value. */
static void store_worker_ask(ic_engine *engine, ic_store_worker *worker, const ic_token *token) {
    ic_error error = {0};
    ic_call *call = ic_call_new(worker->mailbox, worker->connection);
    if (call) {
        call->purpose = IC_PURPOSE_ASK;
        call->owner = worker;
        call->value.kind = IC_VALUE_TREE;
        call->value.tree = store_worker_question(worker, token);
    }
    if (!call || !call->value.tree) {
        ic_error_memory(&error);
    } else if (!ic_call_post(call, IC_NOTICE_ASK)) {
        ic_error_set(&error, IC_ERR_STORE, "the Lua state that keeps the tokens has ended");
    }
    worker->question = error.kind ? NULL : call;
    if (error.kind) {
        ic_call_release(call);
        worker->done(engine, worker->owner, &error);
    }
    ic_error_clear(&error);
}

static bool store_worker_read_answer(ic_store_worker *worker, const ic_call *question, ic_error *error) {
    const cJSON *answer = question->answer, *failure = ic_json_member(answer, "error");
    if (!answer || failure) {
        ic_error_set(error, IC_ERR_STORE, "the token store failed to %s: %s", step_names[worker->step],
                     cJSON_IsString(failure) ? failure->valuestring : "it did not answer");
        return false;
    }
    const cJSON *token = ic_json_member(answer, "token");
    ic_error cause = {0};
    bool good = worker->step != IC_STORE_LOAD || !token || ic_token_from_json(token, &worker->found, &cause);
    if (!good)
        ic_error_set(error, IC_ERR_STORE, "the token store did not answer with a token: %s",
                     ic_error_message(&cause));
    ic_error_clear(&cause);
    return good;
}

/* The question of the worker. Its owner is NULL once it is no longer awaited: the worker may be freed then.
 */
static ic_store_worker *store_worker_of(const ic_call *question) {
    return question->purpose == IC_PURPOSE_ASK ? question->owner : NULL;
}

/* The step has ended. `error` is cleared. */
static void store_worker_end(ic_engine *engine, ic_store_worker *worker, bool good, ic_error *error) {
    ic_call *question = worker->question;
    ic_timer_unset(&engine->timers, &worker->timer);
    question->owner = NULL;
    worker->question = NULL;
    worker->done(engine, worker->owner, good ? NULL : error);
    ic_error_clear(error);
    ic_call_release(question);
}

static void store_worker_on_time(void *engine, void *owner, double now) {
    ic_store_worker *worker = owner;
    int waits = IC_QUESTION_WAITS;
    ic_error error = {0};
    (void)now;
    if (!atomic_compare_exchange_strong(&worker->question->stage, &waits, IC_QUESTION_EXPIRED)) return;
    ic_error_set(&error, IC_ERR_STORE, "the token store cannot %s: %s", step_names[worker->step],
                 worker->question->unless_begun);
    store_worker_end(engine, worker, false, &error);
}

void ic_store_worker_expect(ic_engine *engine, ic_call *question) {
    ic_store_worker *worker = store_worker_of(question);
    if (!worker) return;
    worker->timer.fire = store_worker_on_time;
    ic_timer_set(&engine->timers, &worker->timer, ic_now() + question->begin_within);
}

void ic_store_worker_explain(const ic_store_worker *worker, ic_buf *text) {
    ic_call *question = worker->question;
    if (question && worker->timer.index && atomic_load(&question->stage) == IC_QUESTION_WAITS)
        ic_buf_printf(text, ": the token store cannot %s: %s", step_names[worker->step],
                      question->unless_begun);
    else if (question)
        ic_buf_printf(text, ": the token store has not answered to %s yet", step_names[worker->step]);
    else if (worker->timer.index)
        ic_buf_printf(text, ": the token store %s is locked", worker->connection->settings.store);
}

void ic_store_worker_answered(ic_engine *engine, ic_call *question) {
    ic_store_worker *worker = store_worker_of(question);
    ic_error error = {0};
    if (worker) store_worker_end(engine, worker, store_worker_read_answer(worker, question, &error), &error);
}

/* ---- any store ---- */

void ic_store_worker_do(ic_engine *engine, ic_store_worker *worker, ic_store_step step, const ic_token *token,
                        ic_store_done *done) {
    worker->step = step;
    worker->done = done;
    if (step == IC_STORE_LOAD) ic_token_clear(&worker->found);
    bool asked = worker->connection->store_mailbox != NULL;
    if (!ic_store_worker_persists(worker) || (asked && step == IC_STORE_PREPARE)) {
        done(engine, worker->owner, NULL);
    } else if (worker->connection->shared_store) {
        store_worker_shared_step(worker, token);
    } else if (!worker->store) {
        store_worker_ask(engine, worker, token);
    } else if (step == IC_STORE_LOCK) {
        worker->lock_until = ic_now() + LOCK_PATIENCE;
        store_worker_try_lock(engine, worker, ic_now());
    } else {
        ic_error error = {0};
        bool good = store_worker_file_step(worker, token, &error);
        done(engine, worker->owner, good ? NULL : &error);
        ic_error_clear(&error);
    }
}
