/* Where a slot's token is kept: in memory, in a file, or by a store written in Lua, which is asked by
 * message. Each step ends by calling `next`, at once or when it can. The engine's thread only. */
#ifndef IC_KEEPER_H
#define IC_KEEPER_H

#include "core/engine/token.h"

typedef enum ic_keep { IC_KEEP_LOCK, IC_KEEP_LOAD, IC_KEEP_PREPARE, IC_KEEP_SAVE, IC_KEEP_UNLOCK } ic_keep;

/* LOAD fills slot->found; SAVE keeps slot->token. `next` is given STORE or MEMORY when the step failed, else
 * NULL. */
void ic_keeper_do(ic_engine *engine, ic_slot *slot, ic_keep step, ic_next *next);
/* The answer to a message has come (ANSWER was ordered). */
void ic_keeper_answered(ic_engine *engine, ic_call *ask);
/* Whether anything outlives the process's memory. */
bool ic_keeper_outlives(const ic_slot *slot);

#endif
