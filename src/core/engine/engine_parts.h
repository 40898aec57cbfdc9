/* Makes and frees an engine. Without the process lock. */
#ifndef IC_ENGINE_PARTS_H
#define IC_ENGINE_PARTS_H

#include "core/engine/engine_state.h"

/* `wake` is ic_engine.wake. NULL when out of memory. */
ic_engine *ic_engine_parts_new(void (*wake)(void));
/* Frees an engine that has not run. */
void ic_engine_parts_discard(ic_engine *engine);
/* Frees an engine that has run, and has no call left. */
void ic_engine_parts_free(ic_engine *engine);

#endif
