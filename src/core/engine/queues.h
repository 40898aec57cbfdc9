/* Where calls wait before they are sent: for a rate-limit permit from their client's budget, and for an
 * in-flight permit for their host. First in, first out. Time spent here does not count towards an
 * attempt's timeout. The engine's thread only. */
#ifndef IC_QUEUES_H
#define IC_QUEUES_H

#include "core/engine/client.h"
#include "core/engine/fixed_window.h"

/* Finds the call's host queue and rate queue, or makes them. A grant has neither, a download from another
 * host has no rate queue. False when out of memory. */
bool ic_queues_assign(ic_engine *engine, ic_call *call);
/* Detaches a call that has ended from its queues. */
void ic_queues_leave(ic_call *call);
/* The same for a client that is being freed. */
void ic_queues_forget(ic_client *client);
/* Frees the queues that have no users and whose budget is idle. */
void ic_queues_tidy(ic_engine *engine, double now);
void ic_queues_free(ic_engine *engine);

/* Acquires a rate-limit permit. 0: the call has it, or needs none. Otherwise the call is in the queue, its
 * permit is expected in that many seconds, and flow->advance follows when it has it. */
double ic_rate_permit_acquire(ic_engine *engine, ic_call *call, double now);
/* Acquires an in-flight permit. False: the call is in the queue, and flow->advance follows. */
bool ic_in_flight_acquire(ic_call *call);
/* Releases the call's in-flight permit, if it has one. */
void ic_in_flight_release(ic_engine *engine, ic_call *call);
/* After an attempt, releases the permits that the call has. */
void ic_permits_release(ic_engine *engine, ic_call *call, double now, ic_permit_end end);

/* Gives free in-flight permits to the calls that wait. Only the engine's loop calls this. If
 * ic_in_flight_release did, a row of calls that fail at once would recurse once for each call. Returns how
 * many queues it has looked at: only those in which a call could continue, however many there are. */
size_t ic_host_queues_serve(ic_engine *engine);
/* Corrects the budget from the headers of the call's answer. Dates in it are measured against its own
 * Date, or without one against `wall_time` (Unix seconds). `refused_for`: seconds, after a 429; negative:
 * there was none. */
void ic_rate_queue_observe(ic_call *call, double now, double wall_time, double refused_for);

#endif
