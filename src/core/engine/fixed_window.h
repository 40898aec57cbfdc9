/* A rate limit with fixed windows, as the limited service counts it: a window opens with the first request
 * that arrives when none is open, and closes after its time; at most `limit` requests may arrive in it. Pure:
 * functions get the time as a parameter, in seconds on one monotonic clock. */
#ifndef IC_FIXED_WINDOW_H
#define IC_FIXED_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

/* What became of a permit. */
typedef enum ic_permit_end {
    IC_PERMIT_UNUSED,   /* nothing reached the service */
    IC_PERMIT_ANSWERED, /* the service has answered, so it has counted the request */
    IC_PERMIT_LOST      /* sent, but not answered: the service may have counted it, or may count it later */
} ic_permit_end;

/* All zero but `limit` and `seconds`: a new one. */
typedef struct ic_fixed_window {
    size_t limit;   /* permits; greater than 0 */
    double seconds; /* the length of a window */
    size_t used;    /* permits that count in the current window; 0: none may be open */
    size_t open;    /* of these, acquired and not released */
    size_t older;   /* the most of these that can have been acquired before this window */
    size_t late;    /* of the released ones, those that the service may count in its next window */
    double begins;  /* the earliest time at which the service can have opened its window */
    double ends;    /* the latest time at which it closes; INFINITY: not known yet */
    double last;    /* when the last permit was released */
} ic_fixed_window;

/* Acquires a permit. 0: acquired; otherwise the seconds after which to ask again, which may turn out too
 * short. */
double ic_fixed_window_acquire(ic_fixed_window *window, double now);
/* What ic_fixed_window_acquire would return now. Acquires nothing. */
double ic_fixed_window_wait(ic_fixed_window *window, double now);
/* Releases a permit. Each is released once. */
void ic_fixed_window_release(ic_fixed_window *window, double now, ic_permit_end end);
/* Whether it is in the same state as a new one. */
bool ic_fixed_window_is_idle(ic_fixed_window *window, double now);

#endif
