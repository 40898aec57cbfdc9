/* The budget, with a clock of the test, against a simulated service that counts requests itself. */
#include "core/base/alloc.h"
#include "core/engine/budget.h"
#include "spec/core/check.h"
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define READ         IC_BUCKET_WORKFLOWS_READ
#define WRITE        IC_BUCKET_WORKFLOWS_WRITE
#define SIGN         IC_BUCKET_SIGN_STATUS

static const int published[IC_BUCKET_COUNT] = {400, 40,  50,  50, 600,  200,  600, 50,
                                               600, 600, 800, 0,  1999, 9999, 59};

/* Acquires permits until one is refused, at most `most`. *wait: the wait that the refusal asks for. */
static int acquire_all(ic_budget *budget, ic_bucket bucket, double now, int most, double *wait) {
    int taken = 0;
    *wait = 0;
    while (taken < most && (*wait = ic_budget_acquire(budget, bucket, now)) == 0)
        taken++;
    return taken;
}

static void release_all(ic_budget *budget, ic_bucket bucket, double now, int count, bool sent) {
    while (count-- > 0)
        ic_budget_release(budget, bucket, now, sent ? IC_PERMIT_ANSWERED : IC_PERMIT_UNUSED);
}

/* ---- a simulated service: requests travel there, are counted on arrival, and travel back ---- */

typedef struct request {
    double at; /* when it arrives, or its answer is back */
    bool arrived, refused;
    double limit, remaining, reset; /* what the answer says */
} request;

/* How the simulated service limits. */
typedef enum service {
    COUNTS,  /* not at all: only the budget is tested */
    SLIDES,  /* refuses a request that is one too many within 60 s */
    MINUTES, /* the same for minutes of its own, which it describes in headers */
} service;

typedef struct plan {
    ic_bucket bucket;
    double share;
    int reads, in_flight;
    double latency; /* seconds, of the longest way in each direction */
    int limit;      /* what the budget should keep to, or the service enforces */
    double ideal;   /* seconds */
    service service;
    int others;    /* requests that others make at the start of each minute */
    int refusable; /* refusals that nobody could foresee */
} plan;

typedef struct simulation {
    const plan *plan;
    double *arrivals, *counts; /* counts: of the accepted ones */
    int arrived, counted, refusals;
    double minute; /* the current one of the service */
    int minute_count;
    unsigned dice;
    double total;
} simulation;

static double random_part(simulation *sim) {
    sim->dice = sim->dice * 1103515245u + 12345u;
    return (double)(sim->dice >> 8) / (1 << 24);
}

/* Refused requests do not count. */
static void refuse_surplus(simulation *sim, struct request *request, double now) {
    int counted = 0;
    for (int i = 0; i < sim->counted; i++)
        counted += sim->counts[i] > now - 60;
    request->refused = counted >= sim->plan->limit;
    if (request->refused)
        request->reset = 60;
    else
        sim->counts[sim->counted++] = now;
}

static void arrive(simulation *sim, struct request *request, double now) {
    sim->arrivals[sim->arrived++] = now;
    *request = (struct request){.at = now + sim->plan->latency * random_part(sim),
                                .arrived = true,
                                .limit = -1,
                                .remaining = -1,
                                .reset = -1};
    if (sim->plan->service == SLIDES) refuse_surplus(sim, request, now);
    if (sim->plan->service != MINUTES) return;
    double minute = floor((now + 17.3) / 60);
    if (minute != sim->minute) sim->minute_count = sim->plan->others;
    sim->minute = minute;
    request->refused = sim->minute_count >= sim->plan->limit;
    if (!request->refused) sim->minute_count++;
    request->limit = sim->plan->limit;
    request->remaining = sim->plan->limit - sim->minute_count;
    request->reset = ceil((minute + 1) * 60 - 17.3 - now);
}

static void come_back(simulation *sim, ic_budget *budget, const struct request *request, double now) {
    if (request->refused) {
        sim->refusals++;
        ic_budget_refused(budget, sim->plan->bucket, now, request->reset);
    }
    ic_budget_observe(budget, sim->plan->bucket, now, request->limit, request->remaining, request->reset);
    ic_budget_release(budget, sim->plan->bucket, now, IC_PERMIT_ANSWERED);
}

/* Sends reads as fast as the budget allows. The budget is asked again after every event, as it demands. */
static void simulate(simulation *sim) {
    ic_budget *budget = ic_budget_new(sim->plan->share);
    struct request *flight = calloc((size_t)sim->plan->in_flight, sizeof *flight);
    sim->arrivals = calloc((size_t)sim->plan->reads * 4, sizeof *sim->arrivals);
    sim->counts = calloc((size_t)sim->plan->reads * 4, sizeof *sim->counts);
    if (!budget || !flight || !sim->arrivals || !sim->counts) abort();
    sim->minute = -1;
    double now = 0;
    int begun = 0, flying = 0, done = 0;
    while (done < sim->plan->reads && sim->arrived < sim->plan->reads * 4) {
        double ask = INFINITY;
        while (flying < sim->plan->in_flight && begun < sim->plan->reads && isinf(ask)) {
            double wait = ic_budget_acquire(budget, sim->plan->bucket, now);
            if (wait > 0) {
                ask = now + wait;
            } else {
                flight[flying++] = (struct request){.at = now + sim->plan->latency * random_part(sim)};
                begun++;
            }
        }
        int next = 0;
        for (int i = 1; i < flying; i++)
            if (flight[i].at < flight[next].at) next = i;
        if (!flying || ask < flight[next].at) {
            now = ask;
            continue;
        }
        now = flight[next].at;
        if (!flight[next].arrived) {
            arrive(sim, &flight[next], now);
            continue;
        }
        come_back(sim, budget, &flight[next], now);
        if (flight[next].refused)
            begun--; /* it is sent again */
        else
            done++;
        flight[next] = flight[--flying];
    }
    sim->total = now;
    CHECK(done == sim->plan->reads);
    free(flight);
    ic_budget_free(budget);
}

static const plan plans[] = {
    /* By the published limits alone. */
    {READ, 1, 1000, 32, 0.1, 400, 120, COUNTS, 0, 0},
    {READ, 1, 1000, 1000, 0.5, 400, 120, COUNTS, 0, 0},
    {READ, 1, 1000, 1, 0.01, 400, 120, COUNTS, 0, 0},
    {READ, 0.25, 250, 32, 0.2, 100, 120, COUNTS, 0, 0},
    {WRITE, 1, 100, 8, 0.5, 40, 120, COUNTS, 0, 0},
    {SIGN, 0.01, 3, 2, 1, 1, 120, COUNTS, 0, 0},
    /* Against a service that enforces them: nothing is refused. */
    {READ, 1, 1000, 32, 0.1, 400, 120, SLIDES, 0, 0},
    {READ, 1, 1000, 400, 1.5, 400, 120, SLIDES, 0, 0},
    {READ, 1, 1000, 1, 0.01, 400, 120, SLIDES, 0, 0},
    {WRITE, 1, 100, 32, 0.5, 40, 120, SLIDES, 0, 0},
    /* The service has less, or others use some of it: its headers must suffice for never being refused. In
     * its first minute it has 42.7 s left, and every later one begins as soon as the headers said. */
    {READ, 1, 250, 32, 0.1, 100, 120, MINUTES, 0, 0},
    {READ, 1, 700, 32, 0.1, 400, 102.7, MINUTES, 100, 0},
    {READ, 1, 100, 32, 0.1, 400, 102.7, MINUTES, 360, 0},
    /* More at once than is left: the surplus is refused, and sent after the reset. */
    {READ, 1, 60, 60, 0.1, 400, 102.7, MINUTES, 380, 40 + 20},
};

static void test_simulations(void) {
    for (size_t i = 0; i < COUNT(plans); i++) {
        const plan *plan = &plans[i];
        simulation sim = {.plan = plan};
        simulate(&sim);
        double nearest = INFINITY; /* the shortest time in which limit + 1 requests arrived */
        for (int k = 0; k + plan->limit < sim.arrived; k++)
            nearest = fmin(nearest, sim.arrivals[k + plan->limit] - sim.arrivals[k]);
        bool good = CHECK(nearest >= 60);
        good = CHECK(sim.refusals <= plan->refusable) && good;
        good = CHECK(sim.total >= plan->ideal && sim.total <= plan->ideal * 1.05) && good;
        if (!good) printf("    plan %zu: %d refused, %g s\n", i, sim.refusals, sim.total);
        free(sim.arrivals);
        free(sim.counts);
    }
}

/* ---- single rules ---- */

/* A bucket of Clickwrap has a fixed window, does not count for the company, and is closed after a 429. */
static void test_fixed(void) {
    double wait;
    ic_budget *budget = ic_budget_new(1);
    CHECK(ic_budget_reserve(budget, IC_BUCKET_CLICKWRAP_ACTIVITY));
    CHECK(acquire_all(budget, IC_BUCKET_CLICKWRAP_ACTIVITY, 0, 9999, &wait) == 9999);
    CHECK(acquire_all(budget, READ, 0, 5000, &wait) == 400);
    release_all(budget, IC_BUCKET_CLICKWRAP_ACTIVITY, 1, 9999, true);
    CHECK(acquire_all(budget, IC_BUCKET_CLICKWRAP_ACTIVITY, 300.9, 1, &wait) == 0);
    CHECK(acquire_all(budget, IC_BUCKET_CLICKWRAP_ACTIVITY, 301, 10000, &wait) == 9999);
    CHECK(acquire_all(budget, IC_BUCKET_CLICKWRAP_REST, 301, 1, &wait) == 1);
    ic_budget_refused(budget, IC_BUCKET_CLICKWRAP_REST, 302, 30);
    CHECK(acquire_all(budget, IC_BUCKET_CLICKWRAP_REST, 303, 1, &wait) == 0 && wait == 29);
    CHECK(acquire_all(budget, IC_BUCKET_CLICKWRAP_REST, 332, 1, &wait) == 1);
    CHECK(!ic_budget_is_idle(budget, 340));
    /* What headers say of other windows does not change it. */
    ic_budget_observe(budget, IC_BUCKET_CLICKWRAP_REST, 340, 1, 0, 60);
    CHECK(acquire_all(budget, IC_BUCKET_CLICKWRAP_REST, 340, 1, &wait) == 1);
    ic_budget_free(budget);
}

static void test_published(void) {
    static const struct {
        double share;
        int divisor;
    } shares[] = {{1, 1}, {0.5, 2}, {0.25, 4}, {0.1, 10}, {7, 1}};
    for (size_t i = 0; i < COUNT(shares); i++) {
        ic_budget *budget = ic_budget_new(shares[i].share);
        for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
            double wait;
            int wanted = published[bucket] / shares[i].divisor;
            if (bucket == IC_BUCKET_NONE) continue;
            if (!CHECK(acquire_all(budget, (ic_bucket)bucket, 0, 10000, &wait) == wanted))
                printf("    bucket %d, share %g\n", bucket, shares[i].share);
            /* All are open: the first is free a window after its answer. */
            CHECK(wait == ic_rate_limits[bucket].seconds);
        }
        double wait;
        CHECK(acquire_all(budget, IC_BUCKET_NONE, 0, 5000, &wait) == 5000);
        release_all(budget, IC_BUCKET_NONE, 0, 5000, true);
        ic_budget_free(budget);
    }
    ic_budget_free(NULL);
}

static void test_company(void) {
    double wait;
    /* A share so small that the company has 4 permits, fewer than the buckets with one each. */
    ic_budget *budget = ic_budget_new(0.001);
    for (int bucket = 0; bucket < IC_BUCKET_NONE; bucket++)
        CHECK(acquire_all(budget, (ic_bucket)bucket, 0, 9, &wait) == (bucket < 4));
    ic_budget_release(budget, IC_BUCKET_WORKFLOWS_WRITE, 1, IC_PERMIT_ANSWERED);
    CHECK(ic_budget_acquire(budget, IC_BUCKET_OTHER, 1) == 60);
    CHECK(ic_budget_acquire(budget, IC_BUCKET_OTHER, 61) == 0); /* the company's permit of another bucket */
    CHECK(ic_budget_acquire(budget, IC_BUCKET_WEBHOOKS, 61) > 0);
    ic_budget_free(budget);

    /* Two buckets with raised limits share the company's window, first come, first served. */
    budget = ic_budget_new(1);
    ic_budget_observe(budget, READ, 0, 4500, -1, -1);
    ic_budget_observe(budget, WRITE, 0, 1e18, -1, -1);
    int reads = 0, writes = 0;
    for (int i = 0; i < 4500; i++) {
        reads += ic_budget_acquire(budget, READ, 0) == 0;
        writes += ic_budget_acquire(budget, WRITE, 0) == 0;
    }
    CHECK(reads == 2250 && writes == 2250);
    CHECK(ic_budget_acquire(budget, SIGN, 0) > 0);
    ic_budget_release(budget, WRITE, 0, IC_PERMIT_UNUSED);
    CHECK(ic_budget_acquire(budget, SIGN, 0) == 0);
    ic_budget_free(budget);
}

static void test_permits_become_free(void) {
    double wait;
    ic_budget *budget = ic_budget_new(1);
    CHECK(acquire_all(budget, SIGN, 100, 999, &wait) == 50);
    for (int i = 0; i < 50; i++)
        ic_budget_release(budget, SIGN, 110 + i * 0.5, IC_PERMIT_ANSWERED);
    CHECK(ic_budget_acquire(budget, SIGN, 140) == 30); /* released at 110, free at 170 */
    CHECK(ic_budget_acquire(budget, SIGN, 169.75) == 0.25);
    CHECK(ic_budget_acquire(budget, SIGN, 170) == 0);
    CHECK(ic_budget_acquire(budget, SIGN, 170) == 0.5);
    CHECK(acquire_all(budget, SIGN, 172, 99, &wait) == 4); /* those of 110.5, 111, 111.5 and 112 */
    double close = nextafter(172.5, 0);
    wait = ic_budget_acquire(budget, SIGN, close);
    CHECK(wait > 0 && wait <= 0.001);                         /* no busy loop */
    CHECK(acquire_all(budget, READ, 172, 999, &wait) == 400); /* a full bucket does not hold up another */

    /* A permit is held until its answer, and a window longer. */
    CHECK(acquire_all(budget, SIGN, 1000, 99, &wait) == 45 && wait == 60); /* five are open since 172 */
    ic_budget_release(budget, SIGN, 1000, IC_PERMIT_ANSWERED);
    CHECK(ic_budget_acquire(budget, SIGN, 1059) == 1);
    CHECK(ic_budget_acquire(budget, SIGN, 1060) == 0);

    /* A permit of an unsent request is free at once. One that was not acquired cannot be released. */
    CHECK(ic_budget_acquire(budget, SIGN, 1060) > 0);
    ic_budget_release(budget, SIGN, 1060, IC_PERMIT_UNUSED);
    CHECK(ic_budget_acquire(budget, SIGN, 1060) == 0);
    ic_budget_release(budget, WRITE, 1060, IC_PERMIT_ANSWERED);
    ic_budget_release(budget, WRITE, 1060, IC_PERMIT_UNUSED);
    CHECK(acquire_all(budget, WRITE, 1060, 99, &wait) == 40);
    ic_budget_free(budget);
}

/* X-RateLimit-Limit, and the permits of the bucket afterwards. */
static const struct {
    double share, limit;
    int places;
} limits[] = {
    {1, 100, 100},       {1, 1000, 1000}, {1, 4500, 4500}, {1, 5000, 4500}, {1, 1e300, 4500},
    {1, INFINITY, 4500}, {1, 0, 400},     {1, 0.5, 400},   {1, -1, 400},    {1, NAN, 400},
    {1, 99.5, 99},       {0.25, 100, 25}, {0.29, 100, 29}, {0.25, 2, 1},    {0.25, 1000, 250},
};

static void test_limits(void) {
    double wait;
    for (size_t i = 0; i < COUNT(limits); i++) {
        ic_budget *budget = ic_budget_new(limits[i].share);
        ic_budget_observe(budget, READ, 0, limits[i].limit, -1, -1);
        if (!CHECK(acquire_all(budget, READ, 0, 9999, &wait) == limits[i].places))
            printf("    limit %g, share %g\n", limits[i].limit, limits[i].share);
        ic_budget_free(budget);
    }

    /* Lowered while the bucket is full, then raised: released permits keep their order. */
    ic_budget *budget = ic_budget_new(1);
    CHECK(acquire_all(budget, WRITE, 0, 30, &wait) == 30);
    for (int i = 0; i < 30; i++)
        ic_budget_release(budget, WRITE, i, IC_PERMIT_ANSWERED);
    CHECK(ic_budget_acquire(budget, WRITE, 61.5) == 0); /* two are free; the ring begins in its middle */
    ic_budget_observe(budget, WRITE, 62, 10, -1, -1);
    /* 27 released and one open: 19 must become free, the last of them released at 21. */
    CHECK(ic_budget_acquire(budget, WRITE, 62) == 19);
    CHECK(ic_budget_acquire(budget, WRITE, 81) == 0);
    CHECK(ic_budget_acquire(budget, WRITE, 81) == 1);
    ic_budget_observe(budget, WRITE, 81, 300, -1, -1);
    CHECK(acquire_all(budget, WRITE, 81, 999, &wait) == 300 - 8 - 2 && wait == 1);
    ic_budget_free(budget);
}

static void test_remaining(void) {
    double wait;
    ic_budget *budget = ic_budget_new(1);
    ic_budget_observe(budget, READ, 0, 400, 0, 12); /* nothing left for 12 s */
    CHECK(ic_budget_acquire(budget, READ, 2) == 10);
    CHECK(ic_budget_acquire(budget, WRITE, 2) == 0); /* another bucket is not affected */
    ic_budget_observe(budget, READ, 3, 400, 7, 20);  /* an older answer that came late */
    CHECK(ic_budget_acquire(budget, READ, 4) == 8);
    CHECK(ic_budget_acquire(budget, READ, 12) == 0);
    ic_budget_release(budget, READ, 12, IC_PERMIT_ANSWERED);

    ic_budget_observe(budget, READ, 20, -1, 5, 30); /* five, until an answer says something else */
    CHECK(acquire_all(budget, READ, 20, 99, &wait) == 5 && wait == 0.25);
    ic_budget_observe(budget, READ, 21, -1, 2, 29);
    ic_budget_release(budget, READ, 21, IC_PERMIT_ANSWERED);
    CHECK(ic_budget_acquire(budget, READ, 21) == 0.25); /* four are open */
    release_all(budget, READ, 22, 3, true);
    CHECK(acquire_all(budget, READ, 22, 99, &wait) == 1);
    ic_budget_observe(budget, READ, 23, -1, 0, 27);
    CHECK(ic_budget_acquire(budget, READ, 23) == 27);
    CHECK(acquire_all(budget, READ, 50, 999, &wait) == 400 - 5 - 2); /* five released, two open */
    ic_budget_free(budget);

    static const struct {
        double remaining, reset;
        double wait;
    } odd[] = {
        {0, -1, 0},                                              /* without a reset it does not count */
        {-1, 30, 0},       {0, NAN, 0}, {NAN, 30, 0}, {0, 0, 0}, /* the reset has passed */
        {1e300, 30, 0},                                          /* never raises the limit */
        {0, 1.7e9, 60},                                          /* a date is not a number of seconds */
        {0, INFINITY, 60}, {0, 60, 60},
    };
    for (size_t i = 0; i < COUNT(odd); i++) {
        budget = ic_budget_new(1);
        ic_budget_observe(budget, READ, 0, -1, odd[i].remaining, odd[i].reset);
        if (!CHECK(ic_budget_acquire(budget, READ, 0) == odd[i].wait)) printf("    row %zu\n", i);
        ic_budget_free(budget);
    }
}

static void test_refused(void) {
    ic_budget *budget = ic_budget_new(1);
    ic_budget_refused(budget, READ, 0, 30);
    ic_budget_refused(budget, READ, 1, 5); /* the longer pause counts */
    ic_budget_refused(budget, READ, 1, -1);
    ic_budget_refused(budget, READ, 1, NAN);
    CHECK(ic_budget_acquire(budget, READ, 10) == 20);
    CHECK(ic_budget_acquire(budget, WRITE, 10) == 0);
    ic_budget_refused(budget, READ, 20, 400000000); /* a window at most */
    CHECK(ic_budget_acquire(budget, READ, 20) == IC_BUDGET_WINDOW);
    CHECK(ic_budget_acquire(budget, READ, 80) == 0);
    ic_budget_refused(budget, IC_BUCKET_NONE, 320, 4); /* the token endpoint refuses, too */
    ic_budget_observe(budget, IC_BUCKET_NONE, 320, 1, 0, 30);
    CHECK(ic_budget_acquire(budget, IC_BUCKET_NONE, 321) == 3);
    CHECK(ic_budget_acquire(budget, IC_BUCKET_NONE, 324) == 0);
    ic_budget_free(budget);
}

static void test_memory(void) {
    long before = ic_alloc_live();
    ic_alloc_fail_at(1);
    CHECK(!ic_budget_new(1));
    ic_alloc_fail_at(0);
    CHECK(ic_alloc_live() == before);

    /* Without memory for more permits a request waits for a moment; with memory there are all of them. */
    ic_budget *budget = ic_budget_new(1);
    double wait;
    ic_alloc_fail_at(1);
    CHECK(!ic_budget_reserve(budget, WRITE));
    CHECK(acquire_all(budget, WRITE, 0, 999, &wait) == 0 && wait > 0 && wait < 1);
    ic_alloc_fail_at(0);
    CHECK(ic_budget_reserve(budget, WRITE));
    CHECK(acquire_all(budget, WRITE, 0, 999, &wait) == 40);
    release_all(budget, WRITE, 1, 40, true);
    ic_budget_observe(budget, WRITE, 2, 100, -1, -1);
    CHECK(acquire_all(budget, WRITE, 2, 999, &wait) == 60 && wait == 59);
    release_all(budget, WRITE, 2, 60, true);

    /* After its first use, acquiring and releasing need no memory. */
    long held = 0;
    for (double now = 100; now < 2000; now += 0.5) {
        acquire_all(budget, READ, now, 9, &wait);
        release_all(budget, READ, now, 9, true);
        if (now == 200) held = ic_alloc_live();
    }
    CHECK(ic_alloc_live() == held);
    ic_budget_free(budget);
    CHECK(ic_alloc_live() == before);
}

/* A budget is idle once it would answer as a new one does. */
static void test_idle(void) {
    ic_budget *budget = ic_budget_new(1);
    CHECK(ic_budget_is_idle(budget, 0));
    CHECK(ic_budget_acquire(budget, READ, 0) == 0);
    CHECK(!ic_budget_is_idle(budget, 1000)); /* a permit is open */
    ic_budget_release(budget, READ, 1000, IC_PERMIT_ANSWERED);
    CHECK(!ic_budget_is_idle(budget, 1059));
    CHECK(ic_budget_is_idle(budget, 1060));
    ic_budget_refused(budget, WRITE, 1060, 5);
    CHECK(!ic_budget_is_idle(budget, 1064));
    CHECK(ic_budget_is_idle(budget, 1065));
    ic_budget_observe(budget, WRITE, 1065, -1, 3, 7);
    CHECK(!ic_budget_is_idle(budget, 1071));
    CHECK(ic_budget_is_idle(budget, 1072));
    ic_budget_free(budget);
}

int main(void) {
    test_simulations();
    test_published();
    test_fixed();
    test_company();
    test_permits_become_free();
    test_limits();
    test_remaining();
    test_refused();
    test_memory();
    test_idle();
    return check_done("budget");
}
