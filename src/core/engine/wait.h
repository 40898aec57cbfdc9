/* A call's waits for permits and pauses: noted for the hooks (event.h), and counted (stats.h). The engine's
 * thread only. */
#ifndef IC_WAIT_H
#define IC_WAIT_H

#include "core/engine/call.h"

/* The call waits for an in-flight permit. */
void ic_wait_for_in_flight(ic_call *call, double now);
/* The call waits `seconds` for a rate-limit permit. May be called again while it waits. */
void ic_wait_for_rate(ic_call *call, double seconds, double now);
/* The call waits `seconds` because the service asked for it. */
void ic_wait_as_told(ic_call *call, double seconds, double now);
/* The wait, if the call was in one, is over. */
void ic_wait_end(ic_call *call, double now);
/* Notes for the hooks that the shared Redis cannot be reached: this machine keeps to its share of the
 * limits. */
void ic_wait_note_alone(ic_call *call);

#endif
