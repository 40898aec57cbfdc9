/* Where a entry's token is kept: in memory, in a file, or by a store written in Lua, which is asked by
 * message. Each step ends by calling `next`, at once or when it can. The engine's thread only. */
#ifndef IC_STORE_WORKER_H
#define IC_STORE_WORKER_H

#include "core/engine/token_queue.h"

typedef enum ic_store_step {
    IC_STORE_LOCK,
    IC_STORE_LOAD,
    IC_STORE_PREPARE,
    IC_STORE_SAVE,
    IC_STORE_UNLOCK
} ic_store_step;

/* LOAD fills entry->found; SAVE keeps entry->token. `next` is given STORE or MEMORY when the step failed,
 * else NULL. */
void ic_store_worker_do(ic_engine *engine, ic_token_entry *entry, ic_store_step step, ic_next *next);
/* The answer to a message has come (ANSWER was ordered). */
void ic_store_worker_answered(ic_engine *engine, ic_call *ask);
/* Whether anything outlives the process's memory. */
bool ic_store_worker_persists(const ic_token_entry *entry);

#endif
