/* The life of a call in the engine: wait for a token, for a place in the budget, for a turn; send; wait to
 * repeat; done. DESIGN, walls 4 and "Policy". The engine's thread only. */
#ifndef IC_FLOW_H
#define IC_FLOW_H

#include "core/engine/engine.h"

/* Takes the call over; from here it ends by itself, sooner or later. */
void ic_flow_start(ic_engine *engine, ic_call *call);
/* Goes on from whatever the call waited for. */
void ic_flow_advance(ic_engine *engine, ic_call *call);
/* libcurl has ended an attempt. */
void ic_flow_attempt_ended(ic_engine *engine, ic_call *call, CURLcode code);
/* The sink has taken what it was given. */
void ic_flow_resume(ic_engine *engine, ic_call *call);
void ic_flow_cancel(ic_engine *engine, ic_call *call);
/* As ic_call_abandon. */
void ic_flow_abandon(ic_engine *engine, ic_call *call);
/* The call of that id if it is in flight, else NULL. */
ic_call *ic_flow_find(const ic_engine *engine, unsigned long id);
/* Counts the call among those in flight, before anything else. */
void ic_flow_register(ic_engine *engine, ic_call *call);
/* Every call in flight ends here and now and touches nothing else: the engine has died. */
void ic_flow_fail_all(ic_engine *engine);
/* Ends the call with an error found by others, which is copied (the token that it waited for, say). */
void ic_flow_fail(ic_engine *engine, ic_call *call, const ic_error *error);
/* Ends the call with the value that it has. */
void ic_flow_complete(ic_engine *engine, ic_call *call);
/* Ends the call because a wait of `pause` seconds would pass its deadline. */
void ic_flow_too_late(ic_engine *engine, ic_call *call, double pause);
/* Rings the timers that are due. */
void ic_flow_fire(ic_engine *engine, double now);

#endif
