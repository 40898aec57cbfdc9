#include "core/base/timers.h"
#include "core/base/alloc.h"

bool ic_timers_reserve(ic_timers *timers) {
    if (timers->reserved == timers->capacity) {
        size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
        ic_timer **heap = ic_realloc(timers->heap, capacity * sizeof *heap);
        if (!heap) return false;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timers->reserved++;
    return true;
}

static void timers_put(ic_timers *timers, size_t index, ic_timer *timer) {
    timers->heap[index - 1] = timer;
    timer->index = index;
}

/* Moves the timer at `index` to its place in the heap. */
static void timers_settle(ic_timers *timers, size_t index) {
    ic_timer *timer = timers->heap[index - 1];
    while (index > 1 && timers->heap[index / 2 - 1]->at > timer->at) {
        timers_put(timers, index, timers->heap[index / 2 - 1]);
        index /= 2;
    }
    for (;;) {
        size_t child = index * 2;
        if (child > timers->count) break;
        if (child < timers->count && timers->heap[child]->at < timers->heap[child - 1]->at) child++;
        if (timers->heap[child - 1]->at >= timer->at) break;
        timers_put(timers, index, timers->heap[child - 1]);
        index = child;
    }
    timers_put(timers, index, timer);
}

void ic_timer_unset(ic_timers *timers, ic_timer *timer) {
    if (!timer->index) return;
    size_t index = timer->index;
    ic_timer *last = timers->heap[--timers->count];
    timer->index = 0;
    if (last == timer) return;
    timers_put(timers, index, last);
    timers_settle(timers, index);
}

void ic_timers_release(ic_timers *timers, ic_timer *timer) {
    ic_timer_unset(timers, timer);
    timers->reserved--;
}

void ic_timer_set(ic_timers *timers, ic_timer *timer, double at) {
    timer->at = at;
    if (!timer->index) timers_put(timers, ++timers->count, timer);
    timers_settle(timers, timer->index);
}

ic_timer *ic_timers_first(const ic_timers *timers) {
    return timers->count ? timers->heap[0] : NULL;
}

void ic_timers_free(ic_timers *timers) {
    ic_free(timers->heap);
    *timers = (ic_timers){0};
}
