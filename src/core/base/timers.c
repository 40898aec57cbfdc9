#include "core/base/timers.h"
#include "core/base/alloc.h"

bool ic_timers_enroll(ic_timers *timers) {
    if (timers->enrolled == timers->capacity) {
        size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
        ic_timer **heap = ic_realloc(timers->heap, capacity * sizeof *heap);
        if (!heap) return false;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timers->enrolled++;
    return true;
}

static void timers_put(ic_timers *timers, size_t place, ic_timer *timer) {
    timers->heap[place - 1] = timer;
    timer->place = place;
}

/* Moves the timer at `place` to where the heap's order wants it. */
static void timers_settle(ic_timers *timers, size_t place) {
    ic_timer *timer = timers->heap[place - 1];
    while (place > 1 && timers->heap[place / 2 - 1]->at > timer->at) {
        timers_put(timers, place, timers->heap[place / 2 - 1]);
        place /= 2;
    }
    for (;;) {
        size_t child = place * 2;
        if (child > timers->count) break;
        if (child < timers->count && timers->heap[child]->at < timers->heap[child - 1]->at) child++;
        if (timers->heap[child - 1]->at >= timer->at) break;
        timers_put(timers, place, timers->heap[child - 1]);
        place = child;
    }
    timers_put(timers, place, timer);
}

void ic_timer_unset(ic_timers *timers, ic_timer *timer) {
    if (!timer->place) return;
    size_t place = timer->place;
    ic_timer *last = timers->heap[--timers->count];
    timer->place = 0;
    if (last == timer) return;
    timers_put(timers, place, last);
    timers_settle(timers, place);
}

void ic_timers_leave(ic_timers *timers, ic_timer *timer) {
    ic_timer_unset(timers, timer);
    timers->enrolled--;
}

void ic_timer_set(ic_timers *timers, ic_timer *timer, double at) {
    timer->at = at;
    if (!timer->place) timers_put(timers, ++timers->count, timer);
    timers_settle(timers, timer->place);
}

ic_timer *ic_timers_first(const ic_timers *timers) {
    return timers->count ? timers->heap[0] : NULL;
}

void ic_timers_free(ic_timers *timers) {
    ic_free(timers->heap);
    *timers = (ic_timers){0};
}
