/* Carries out the steps of loading and saving a token: in memory (nothing to do), in a file, in the shared
 * Redis, or in a store written in Lua, which gets a message. A step ends by calling back, at once or later; a
 * store is asked for one step at a time. The engine's thread only. */
#ifndef IC_STORE_WORKER_H
#define IC_STORE_WORKER_H

#include "core/auth/store.h"
#include "core/base/buf.h"
#include "core/engine/shared_store.h"

/* In this order; a token may only be loaded or saved while the store is locked. */
typedef enum ic_store_step {
    IC_STORE_LOCK,
    IC_STORE_LOAD,    /* fills `found` */
    IC_STORE_PREPARE, /* makes sure that the next SAVE has what it needs */
    IC_STORE_SAVE,
    IC_STORE_UNLOCK
} ic_store_step;

/* The step is done; `error` is NULL, or STORE or MEMORY when it failed. */
typedef void ic_store_done(ic_engine *engine, void *owner, const ic_error *error);

typedef struct ic_store_worker {
    /* For the owner to set before each step; borrowed. */
    ic_connection *connection;
    ic_mailbox *mailbox; /* of the Lua state that is asked */
    /* For the owner to read, or to move, after LOAD. */
    ic_token found;
    /* The worker's own. */
    void *owner;
    ic_store *store; /* of a file store, or NULL */
    ic_store_step step;
    ic_store_done *done;
    ic_timer timer;    /* tries for the file's lock again; or ends the time to begin the question in */
    double lock_until; /* ic_now's seconds */
    ic_call *question; /* the message, or NULL; retained */
    ic_shared_store shared;
} ic_store_worker;

/* For a file store at `path`; NULL: there is no file. `owner` is passed to the callbacks. False when out of
 * memory; there is nothing to clear then. */
bool ic_store_worker_init(ic_engine *engine, ic_store_worker *worker, const char *path, void *owner);
void ic_store_worker_clear(ic_engine *engine, ic_store_worker *worker);
/* Begins a step. `token` is for SAVE: what to save; empty: the store forgets it. */
void ic_store_worker_do(ic_engine *engine, ic_store_worker *worker, ic_store_step step, const ic_token *token,
                        ic_store_done *done);
/* The Lua state must begin to answer a question within some time (IC_COMMAND_EXPECT). */
void ic_store_worker_expect(ic_engine *engine, ic_call *question);
/* Appends what a step waits for, if the store is not the engine's alone. */
void ic_store_worker_explain(const ic_store_worker *worker, ic_buf *text);
/* The Lua state has answered a question (IC_COMMAND_ANSWER). */
void ic_store_worker_answered(ic_engine *engine, ic_call *question);
/* Whether tokens outlive the process. */
bool ic_store_worker_persists(const ic_store_worker *worker);
/* Whether PREPARE checks the store. A store written in Lua can only be checked by LOAD. */
bool ic_store_worker_prepares(const ic_store_worker *worker);
/* After LOAD: whether the store has lost the token that the owner has, which is then to be saved again. */
bool ic_store_worker_is_behind(const ic_store_worker *worker);
/* Whether a save is under way that the end of the engine waits for. */
bool ic_store_worker_is_saving(const ic_store_worker *worker);

#endif
