/* The fixed window against a simulated service that opens its windows itself: with any delays, pauses and
 * losses no window of the service gets more requests than its limit, and requests are not held back longer
 * than they must be. */
#include "core/engine/fixed_window.h"
#include "spec/core/check.h"
#include <math.h>

#define LENGTH 60.0
enum { FLIGHT_MAX = 64 };

typedef struct plan {
    size_t limit, requests, in_flight;
    double latency;        /* seconds, of the longest way in each direction */
    double pause;          /* seconds, of the longest time between two requests that are not held back */
    unsigned lost;         /* of 100 requests: sent, and never answered */
    unsigned unused;       /* of 100: given back without being sent */
    double least_a_window; /* how many requests an average window of the service must get; 0: not checked */
} plan;

typedef struct request {
    double arrives, answered; /* arrives: INFINITY once it has */
    ic_permit_end end;
} request;

typedef struct simulation {
    const plan *plan;
    ic_fixed_window window;
    request flight[FLIGHT_MAX];
    size_t flying, begun, most, counted, windows;
    double opened;  /* when the service has opened its current window; negative: none */
    size_t arrived; /* in it */
    unsigned dice;
} simulation;

static double part(simulation *sim) {
    sim->dice = sim->dice * 1103515245u + 12345u;
    return (double)(sim->dice >> 8) / (1 << 24);
}

static void arrive(simulation *sim, double now) {
    if (sim->opened < 0 || now >= sim->opened + LENGTH) {
        sim->opened = now;
        sim->arrived = 0;
        sim->windows++;
    }
    sim->counted++;
    if (++sim->arrived > sim->most) sim->most = sim->arrived;
}

static void send(simulation *sim, double now) {
    const plan *plan = sim->plan;
    double there = plan->latency * part(sim), back = plan->latency * part(sim);
    unsigned fate = (unsigned)(part(sim) * 100);
    request *sent = &sim->flight[sim->flying++];
    sim->begun++;
    *sent = (request){now + there, now + there + back, IC_PERMIT_ANSWERED};
    if (fate < plan->lost)
        sent->end = IC_PERMIT_LOST;
    else if (fate < plan->lost + plan->unused)
        *sent = (request){INFINITY, now + there, IC_PERMIT_UNUSED};
}

/* The next event: an arrival, an answer, or the next request at `next`. Returns its time, and does the first
 * two. */
static double step(simulation *sim, double next) {
    size_t which = FLIGHT_MAX;
    double at = next;
    for (size_t i = 0; i < sim->flying; i++) {
        double own = fmin(sim->flight[i].arrives, sim->flight[i].answered);
        if (own <= at) at = own, which = i;
    }
    if (which == FLIGHT_MAX) return at;
    request *one = &sim->flight[which];
    if (one->arrives <= at) {
        one->arrives = INFINITY;
        arrive(sim, at);
    } else {
        ic_fixed_window_release(&sim->window, at, one->end);
        *one = sim->flight[--sim->flying];
    }
    return at;
}

static void simulate(simulation *sim) {
    double now = 0, next = 0;
    sim->opened = -1;
    sim->window = (ic_fixed_window){.limit = sim->plan->limit, .seconds = LENGTH};
    while (sim->begun < sim->plan->requests || sim->flying) {
        bool may = sim->begun < sim->plan->requests && sim->flying < sim->plan->in_flight;
        double wait = may && now >= next ? ic_fixed_window_acquire(&sim->window, now) : -1;
        if (wait == 0) {
            send(sim, now);
            next = now + sim->plan->pause * part(sim);
        } else if (wait > 0) {
            next = now + wait;
        }
        now = step(sim, may ? fmax(next, now) : INFINITY);
    }
}

static const plan plans[] = {
    {.limit = 1, .requests = 30, .in_flight = 4, .latency = 0.2, .least_a_window = 1},
    {.limit = 20, .requests = 400, .in_flight = 8, .latency = 0.2, .least_a_window = 18},
    {.limit = 20, .requests = 400, .in_flight = 64, .latency = 0.2, .least_a_window = 14},
    {.limit = 20, .requests = 400, .in_flight = 64, .latency = 20},
    {.limit = 20, .requests = 400, .in_flight = 64, .latency = 90},
    {.limit = 20, .requests = 400, .in_flight = 8, .latency = 0.5, .pause = 1},
    {.limit = 20, .requests = 400, .in_flight = 8, .latency = 0.5, .pause = 5},
    {.limit = 20, .requests = 400, .in_flight = 8, .latency = 5, .pause = 30},
    {.limit = 20, .requests = 400, .in_flight = 8, .latency = 0.5, .pause = 100},
    {.limit = 20, .requests = 400, .in_flight = 8, .latency = 5, .pause = 4, .unused = 30},
    {.limit = 20, .requests = 400, .in_flight = 8, .latency = 5, .pause = 4, .lost = 20, .unused = 20},
    {.limit = 500, .requests = 5000, .in_flight = 32, .latency = 0.3, .pause = 0.1, .least_a_window = 450},
};

static void test_simulations(void) {
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        for (unsigned seed = 1; seed <= 50; seed++) {
            simulation sim = {.plan = &plans[i], .dice = seed};
            simulate(&sim);
            bool kept = CHECK(sim.most <= plans[i].limit);
            bool quick = CHECK((double)sim.counted >= plans[i].least_a_window * (double)(sim.windows - 1));
            if (!kept || !quick)
                printf("    plan %zu seed %u: at most %zu of %zu; %zu requests in %zu windows\n", i, seed,
                       sim.most, plans[i].limit, sim.counted, sim.windows);
        }
}

static size_t acquire_all(ic_fixed_window *window, double now) {
    size_t count = 0;
    while (ic_fixed_window_acquire(window, now) == 0)
        count++;
    return count;
}

/* A quiet window is used to its end, and then the whole limit is there at once. A sliding one would give one.
 */
static void test_fixed(void) {
    ic_fixed_window window = {.limit = 10, .seconds = LENGTH};
    CHECK(ic_fixed_window_acquire(&window, 100) == 0);
    ic_fixed_window_release(&window, 100.5, IC_PERMIT_ANSWERED);
    CHECK(acquire_all(&window, 150) == 9);
    for (int i = 0; i < 9; i++)
        ic_fixed_window_release(&window, 151, IC_PERMIT_ANSWERED);
    CHECK(acquire_all(&window, 160.4) == 0);
    CHECK(fabs(ic_fixed_window_wait(&window, 160.4) - 0.1) < 1e-6);
    CHECK(acquire_all(&window, 160.5) == 10);
}

/* A request that is on its way while the window closes may be the first of the next one. */
static void test_straddling(void) {
    ic_fixed_window window = {.limit = 3, .seconds = LENGTH};
    CHECK(ic_fixed_window_acquire(&window, 0) == 0);
    ic_fixed_window_release(&window, 1, IC_PERMIT_ANSWERED);
    CHECK(ic_fixed_window_acquire(&window, 59) == 0);
    CHECK(acquire_all(&window, 61) == 2);
    CHECK(!ic_fixed_window_is_idle(&window, 61));
}

/* The answer to a request of the window before says nothing about when this one was opened. */
static void test_older(void) {
    ic_fixed_window window = {.limit = 10, .seconds = LENGTH};
    CHECK(ic_fixed_window_acquire(&window, 0) == 0);
    ic_fixed_window_release(&window, 1, IC_PERMIT_ANSWERED);
    CHECK(ic_fixed_window_acquire(&window, 59) == 0);
    CHECK(acquire_all(&window, 61) == 9);
    ic_fixed_window_release(&window, 62, IC_PERMIT_ANSWERED); /* perhaps that of 59 */
    ic_fixed_window_release(&window, 71, IC_PERMIT_ANSWERED); /* one of 61: the service's window is open */
    CHECK(acquire_all(&window, 122) == 0);
    CHECK(acquire_all(&window, 131) > 0);
}

static void test_idle(void) {
    ic_fixed_window window = {.limit = 3, .seconds = LENGTH};
    CHECK(ic_fixed_window_is_idle(&window, 0));
    CHECK(acquire_all(&window, 0) == 3);
    ic_fixed_window_release(&window, 0.1, IC_PERMIT_UNUSED);
    CHECK(ic_fixed_window_acquire(&window, 0.1) == 0);
    for (int i = 0; i < 3; i++)
        ic_fixed_window_release(&window, 2, IC_PERMIT_LOST);
    CHECK(!ic_fixed_window_is_idle(&window, 61.9));
    CHECK(ic_fixed_window_is_idle(&window, 62));
    /* A release without a permit changes nothing. */
    ic_fixed_window_release(&window, 63, IC_PERMIT_ANSWERED);
    CHECK(ic_fixed_window_is_idle(&window, 63));
}

int main(void) {
    test_simulations();
    test_fixed();
    test_straddling();
    test_older();
    test_idle();
    return check_done("fixed_window");
}
