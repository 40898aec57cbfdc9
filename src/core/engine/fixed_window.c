/* A request arrives some time between its sending and its answer, so when the service opens a window is known
 * only from two sides. It is not before `begins`: the first sending, or for a later window the earliest end
 * of the one before. It is not after the first answer to a request that was sent in this window, so the
 * window is closed `seconds` after that: `ends`.
 *
 * Until `ends` no more than `limit` permits are given. Then the next window begins. Some old permits count in
 * it too: those that are open, and those that were released later than `seconds` after `begins`. Their
 * requests may have arrived after the service's window had closed. The service's next window holds no other
 * old request, so it never holds more than `limit`.
 *
 * When nothing is open and the last answer is `seconds` ago, every window of the service is closed. */
#include "core/engine/fixed_window.h"
#include <math.h>

#define WAIT_MIN 0.001 /* seconds: asking again does not become a busy loop */

static void window_turn(ic_fixed_window *window, double now) {
    while (window->used && now >= window->ends) {
        window->used = window->open + window->late;
        window->older = window->open;
        window->late = 0;
        window->begins += window->seconds;
        window->ends = INFINITY;
    }
    if (!window->open && now >= window->last + window->seconds) window->used = window->late = 0;
}

double ic_fixed_window_wait(ic_fixed_window *window, double now) {
    window_turn(window, now);
    if (window->used < window->limit) return 0;
    /* Without an answer in this window, it stays open for its whole length after the first one. */
    double ends = isinf(window->ends) ? (window->open ? now : window->last) + window->seconds : window->ends;
    return fmax(ends - now, WAIT_MIN);
}

double ic_fixed_window_acquire(ic_fixed_window *window, double now) {
    double wait = ic_fixed_window_wait(window, now);
    if (wait > 0) return wait;
    if (!window->used) {
        window->begins = now;
        window->ends = INFINITY;
        window->older = window->late = 0;
    }
    window->used++;
    window->open++;
    return 0;
}

void ic_fixed_window_release(ic_fixed_window *window, double now, ic_permit_end end) {
    if (!window->open) return;
    window_turn(window, now);
    window->open--;
    if (end == IC_PERMIT_UNUSED) {
        window->used--;
    } else {
        window->last = now;
        if (end == IC_PERMIT_LOST || now >= window->begins + window->seconds) window->late++;
        /* Which permit this is is not known. It is certainly a new one when all older ones are released. */
        if (end == IC_PERMIT_ANSWERED && !window->older)
            window->ends = fmin(window->ends, now + window->seconds);
        if (window->older) window->older--;
    }
    if (window->older > window->open) window->older = window->open;
}

bool ic_fixed_window_is_idle(ic_fixed_window *window, double now) {
    window_turn(window, now);
    return !window->used;
}
