/* The engine: one per process, through which all traffic goes on one curl_multi. So all clients of the
 * process share its pool of TCP connections. Its background thread waits only in curl_multi_poll, or for a
 * command when nothing is under way. A thread that waits for its only call runs the engine itself
 * (ic_engine_wait), so the background thread starts when there is something else to do. The first call starts
 * the engine; it is ended at exit, and a forked child drops it. */
#ifndef IC_ENGINE_H
#define IC_ENGINE_H

#include "core/engine/call.h"

/* Any thread. Puts commands for the call into the engine's inbox and wakes it; START starts the engine if
 * need be. False when the engine does not run; with START `error` (NULL is allowed otherwise) is then IO (it
 * needs a thread or a descriptor), MEMORY, or CANCELLED at exit. */
bool ic_engine_command(ic_call *call, unsigned commands, ic_error *error);
/* Any thread. Makes the engine, if it runs, look at what has changed. */
void ic_engine_wake(void);
/* The thread that has started the call. Waits until the call's mailbox holds something, `seconds` at most, or
 * until a signal comes. If the call was started with `awaited`, this is the first wait for it, and nothing
 * else is under way, or if the engine has no thread, then this thread runs the engine meanwhile: that saves
 * two wake-ups of another thread. Until it returns, it serves the calls of all threads, as the engine's
 * thread would. */
void ic_engine_wait(ic_call *call, double seconds);
/* Waits until the mailbox holds something, `seconds` at most, or until a signal comes. Where no thread can be
 * started for the engine, this one runs it meanwhile. */
void ic_engine_wait_any(ic_mailbox *mailbox, double seconds);
/* Any thread but the engine's. Cancels every call, frees the engine and joins its thread, or leaves it asleep
 * if nothing is under way; no engine starts after it. Called at exit. */
void ic_engine_stop(void);

#endif
