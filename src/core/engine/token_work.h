/* The work that gets the token of an entry: lock the store, load, fetch, save, unlock, serve the
 * waiters. The engine's thread only. */
#ifndef IC_TOKEN_WORK_H
#define IC_TOKEN_WORK_H

#include "core/engine/token_entry.h"

/* Starts the work. The entry is not busy, and has a connection or waiters. */
void ic_token_work_begin(ic_engine *engine, ic_token_entry *entry);

#endif
