/* The life of a call in the engine, from its start to its result. The engine's thread only. */
#ifndef IC_FLOW_H
#define IC_FLOW_H

#include "core/engine/engine_state.h"

/* What others need to continue or end a call. */
extern const ic_flow_steps ic_flow_steps_in_use;

/* Starts the call, which ends by itself from here on: sooner or later it is done. */
void ic_flow_start(ic_engine *engine, ic_call *call);
/* Adds the call to engine->live and counts it. Part of the start. */
void ic_flow_register(ic_engine *engine, ic_call *call);
/* The call with that id if it is in flight, otherwise NULL. Borrowed. */
ic_call *ic_flow_find(const ic_engine *engine, unsigned long id);

/* Called when libcurl has ended the call's attempt. */
void ic_flow_attempt_ended(ic_engine *engine, ic_call *call, CURLcode code);
/* Called when the sink has taken its chunk. */
void ic_flow_resume(ic_engine *engine, ic_call *call);
/* Called when the process has been stopped for a while (SIGSTOP, a machine that was paused) and runs again.
 * Answers may have come meanwhile: attempts whose time is over get a little more, so that these are read. */
void ic_flow_process_stopped(ic_engine *engine, double now);

/* Ends the call with CANCELLED. */
void ic_flow_cancel(ic_engine *engine, ic_call *call);
/* Called when nobody waits for the call any more (ic_call_abandon). */
void ic_flow_abandon(ic_engine *engine, ic_call *call);
/* Ends every call in flight with IO, and touches nothing else of the engine: its thread has died. */
void ic_flow_fail_all(ic_engine *engine);

#endif
