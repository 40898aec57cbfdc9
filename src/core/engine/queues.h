/* Lanes: what calls to one service, in one client's name, share: turns (a limit on how many are in flight to
 * a host) and places in the per-minute budgets. Waiting here costs a call none of its attempt's timeout. */
#ifndef IC_QUEUES_H
#define IC_QUEUES_H

#include "core/engine/budget.h"
#include "core/engine/engine.h"
#include "core/engine/list.h"

typedef struct ic_host_queue {
    struct ic_host_queue *next;
    char *origin;
    double limit; /* max_in_flight: clients with another limit have turns of their own */
    long in_flight;
    ic_list queue;
} ic_host_queue;

typedef struct ic_rate_queue {
    struct ic_rate_queue *next;
    char *key;
    ic_budget *budget; /* NULL: switched off */
    ic_list waiting[IC_BUCKET_COUNT];
    ic_timer timers[IC_BUCKET_COUNT];
} ic_rate_queue;

/* Finds where the call takes its turns, and whose budget it uses, made when it is the first there; a grant
 * has neither, a download from another host no budget. False without memory. */
bool ic_queues_assign(ic_engine *engine, ic_call *call);
/* Takes a place in the budget: 0, and the call has it; else the seconds that it is to wait for, first in,
 * first out: it then stands in the list, and ic_flow_advance is called for it when its place has come. */
double ic_rate_permit_acquire(ic_engine *engine, ic_call *call, double now);
/* Takes a turn at the host; false: it stands in the queue, and ic_flow_advance is called when its turn has
 * come. */
bool ic_in_flight_acquire(ic_call *call);
void ic_in_flight_release(ic_call *call); /* gives it back, if the call has it */
/* Gives turn and place back after an attempt, if the call has them; `sent`: the service may have counted it.
 */
void ic_permits_release(ic_engine *engine, ic_call *call, double now, bool sent);
/* Gives free turns to those who queue. Once or twice in each turn of the engine, and from nowhere else: a
 * chain of calls that fail at once must not become a chain of calls on the stack. */
void ic_host_queues_serve(ic_engine *engine);
/* Corrects the budget by what an answer says of it. */
void ic_rate_queue_observe(ic_call *call, double now, double wall_time, double refused_for);
void ic_queues_free(ic_engine *engine);

#endif
