/* One turn of the engine's work, for the thread that runs the engine. */
#ifndef IC_ENGINE_WORK_H
#define IC_ENGINE_WORK_H

#include "core/engine/engine_state.h"

/* Whether libcurl can tell that it is ending connections (curl_multi_waitfds(3)). */
#define IC_CLOSES_ARE_KNOWN (LIBCURL_VERSION_NUM >= 0x080800)

#define IC_LONGEST_WAIT (3600 * 1000) /* milliseconds */

/* Serves what is due. Returns the milliseconds, `most` at most, until something else is. */
int ic_engine_work(ic_engine *engine, int most);
/* Called when the engine runs and should have run at `expected`, before any timer fires. Much later, the
 * process has been stopped. Returns ic_now(). */
double ic_engine_note_run(ic_engine *engine, double expected);
/* Whether there is nothing to wait for but calls, timers and commands. */
bool ic_engine_is_restful(const ic_engine *engine);
/* The same, no call is under way, and no connection is being ended. */
bool ic_engine_is_idle(const ic_engine *engine);
/* The same, and what is due next can as well be done when the engine runs again: to free what is not used any
 * more. */
bool ic_engine_is_finished(const ic_engine *engine);

#endif
