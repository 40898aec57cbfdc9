/* What happens to a call, for hooks and the log: the engine notes events and progress, and the starter's
 * thread takes them. When there is no memory for an event, it is dropped and counted, and the call continues.
 * Nothing is noted for a connection without hooks and log. */
#ifndef IC_CALL_EVENTS_H
#define IC_CALL_EVENTS_H

#include "core/engine/call.h"
#include "core/engine/event.h"

/* Events that are kept for a call. Beyond that the oldest is dropped. */
#define IC_EVENTS_LIMIT 64

/* Notes an event of the call as it is now; `about` gives kind, status, failure, seconds, reason and bucket.
 * An event of a call of the engine's own is noted with the first call that waits for it. The engine's thread
 * only. */
void ic_event_note(ic_call *call, const ic_event *about);
/* The oldest event, owned by the caller; NULL when there is none. Any thread. */
ic_event *ic_event_take(ic_call *call);

/* Notes how many bytes of the body have been moved; `total` negative: unknown. Does nothing without
 * options.progress. At most one note is made every 0.1 s, except for the `last`. The engine's thread only. */
void ic_progress_note(ic_call *call, double done, double total, bool last, double now);
/* Takes the progress that was noted last; false: it has been taken. Any thread. */
bool ic_progress_take(ic_call *call, double *done, double *total);

#endif
