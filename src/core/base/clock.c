#include "core/base/clock.h"
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static double clock_read(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static _Atomic double now_shift, wall_shift;

double ic_now(void) {
    return clock_read(CLOCK_MONOTONIC) + atomic_load_explicit(&now_shift, memory_order_relaxed);
}

double ic_suspended(void) {
#ifdef CLOCK_BOOTTIME
    return clock_read(CLOCK_BOOTTIME) - clock_read(CLOCK_MONOTONIC);
#else
    return 0;
#endif
}

double ic_wall_time(void) {
    return clock_read(CLOCK_REALTIME) + atomic_load_explicit(&wall_shift, memory_order_relaxed);
}

void ic_clock_shift(double now, double wall_time) {
    atomic_store(&now_shift, now);
    atomic_store(&wall_shift, wall_time);
}

/* xorshift64*. Good enough for jitter; not for secrets. */
double ic_random(void) {
    static _Thread_local uint64_t state;
    while (!state)
        state = ((uint64_t)(ic_wall_time() * 1e6) << 20) ^ ((uint64_t)getpid() * 0x9E3779B97F4A7C15u) ^
                (uint64_t)(uintptr_t)&state;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (double)((state * 0x2545F4914F6CDD1Du) >> 11) / 9007199254740992.0;
}
