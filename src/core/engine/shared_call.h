/* A call of IC_PURPOSE_SHARED: a command or a script for the shared Redis, whose reply is the call's value.
 * When the reply is a number above 0, what the question has told Redis may be kept up there (upkeep.h). */
#ifndef IC_SHARED_CALL_H
#define IC_SHARED_CALL_H

#include "core/engine/engine_state.h"

/* The engine's thread only. Sends the call's question. */
void ic_shared_call_begin(ic_engine *engine, ic_call *call);
/* Whether Redis may have carried the call's command out, or may still do so. */
bool ic_shared_call_is_sent(const ic_call *call);
/* The call has ended: its reply is not needed any more. */
void ic_shared_call_leave(ic_call *call);

#endif
