/* The engine's timers: a binary heap of pointers to timers, which are members of the structs that they belong
 * to. */
#ifndef IC_TIMERS_H
#define IC_TIMERS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_timer {
    double at;    /* ic_now's seconds */
    size_t place; /* in the heap, from 1; 0: not set */
    void (*ring)(void *engine, void *owner, double now);
    void *owner;
} ic_timer;

typedef struct ic_timers {
    ic_timer **heap; /* owned */
    size_t count, capacity, enrolled;
} ic_timers;

/* Makes room for one more timer, so that setting it later cannot fail; false without memory. */
bool ic_timers_enroll(ic_timers *timers);
void ic_timers_leave(ic_timers *timers, ic_timer *timer); /* unsets it and gives its room back */
void ic_timer_set(ic_timers *timers, ic_timer *timer, double at);
void ic_timer_unset(ic_timers *timers, ic_timer *timer);
/* The earliest timer, still set, or NULL. */
ic_timer *ic_timers_first(const ic_timers *timers);
void ic_timers_free(ic_timers *timers);

#endif
