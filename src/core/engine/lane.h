/* Lanes: what calls to one service, in one client's name, share: turns (a limit on how many are in flight to
 * a host) and places in the per-minute budgets. Waiting here costs a call none of its attempt's timeout. */
#ifndef IC_LANE_H
#define IC_LANE_H

#include "core/engine/budget.h"
#include "core/engine/engine.h"
#include "core/engine/list.h"

typedef struct ic_host {
    struct ic_host *next;
    char *origin;
    double limit; /* max_in_flight: clients with another limit have turns of their own */
    long in_flight;
    ic_list queue;
} ic_host;

typedef struct ic_lane {
    struct ic_lane *next;
    char *key;
    ic_budget *budget; /* NULL: switched off */
    ic_list waiting[IC_BUCKET_COUNT];
    ic_timer timers[IC_BUCKET_COUNT];
} ic_lane;

/* Finds where the call takes its turns, and whose budget it uses, made when it is the first there; a grant
 * has neither, a download from elsewhere no budget. False without memory. */
bool ic_lane_enter(ic_engine *engine, ic_call *call);
/* Takes a place in the budget: 0, and the call has it; else the seconds that it is to wait for, first in,
 * first out: it then stands in the list, and ic_flow_advance is called for it when its place has come. */
double ic_lane_take_place(ic_engine *engine, ic_call *call, double now);
/* Takes a turn at the host; false: it stands in the queue, and ic_flow_advance is called when its turn has
 * come. */
bool ic_lane_take_turn(ic_call *call);
void ic_lane_leave_turn(ic_call *call); /* gives it back, if the call has it */
/* Gives turn and place back after an attempt, if the call has them; `sent`: the service may have counted it.
 */
void ic_lane_leave(ic_engine *engine, ic_call *call, double now, bool sent);
/* Gives free turns to those who queue. Once or twice in each turn of the engine, and from nowhere else: a
 * chain of calls that fail at once must not become a chain of calls on the stack. */
void ic_hosts_serve(ic_engine *engine);
/* Corrects the budget by what an answer says of it. */
void ic_lane_observe(ic_call *call, double now, double wall_time, double refused_for);
void ic_lanes_free(ic_engine *engine);

#endif
