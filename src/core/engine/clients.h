/* All clients of the engine, and when they are freed. The engine's thread only. */
#ifndef IC_CLIENTS_H
#define IC_CLIENTS_H

#include "core/engine/engine_state.h"

/* Called when a call has ended, because there may soon be something to free. */
void ic_clients_note_end(ic_engine *engine, double now);
/* Frees what is not used any more, from time to time. Called between the engine's turns, when nothing
 * iterates over the clients. */
void ic_clients_tidy(ic_engine *engine, double now);
/* False when out of memory. */
bool ic_clients_init(ic_engine *engine);
void ic_clients_free(ic_engine *engine);

#endif
