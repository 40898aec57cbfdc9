/* The engine's timers: a binary heap of pointers to timers, which are members of the structs that they belong
 * to. */
#ifndef IC_TIMERS_H
#define IC_TIMERS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_timer {
    double at;    /* ic_now's seconds */
    size_t index; /* in the heap, from 1; 0: the timer is not set */
    void (*fire)(void *engine, void *owner, double now);
    void *owner;
} ic_timer;

typedef struct ic_timers {
    ic_timer **heap; /* owned */
    size_t count, capacity, reserved;
} ic_timers;

/* Reserves memory for one more timer, so that setting it cannot fail. False when out of memory. */
bool ic_timers_reserve(ic_timers *timers);
void ic_timers_release(ic_timers *timers, ic_timer *timer); /* unsets it and gives its memory back */
/* Sets the timer, or moves it if it is set. It must be reserved. `at`: ic_now's seconds. */
void ic_timer_set(ic_timers *timers, ic_timer *timer, double at);
void ic_timer_unset(ic_timers *timers, ic_timer *timer);
/* The earliest timer, still set, or NULL. */
ic_timer *ic_timers_first(const ic_timers *timers);
void ic_timers_free(ic_timers *timers);

#endif
