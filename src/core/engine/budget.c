/* Sliding windows. A place is taken before a request goes out and comes free a window's length after its
 * answer: the service counts the request somewhere between the two, so that whatever 60 s it looks at, it
 * never counts more than the limit.
 *
 * Three things close a bucket: its own full window, the company's, and what the service has said of it:
 * - X-RateLimit-Limit replaces the published limit, up or down (the demo host has less), but never above the
 *   company's; `share` applies to it as well.
 * - X-RateLimit-Remaining counts only together with X-RateLimit-Reset, and only tightens: until the reset no
 *   more places may be open than the lowest number said. (Places already answered are counted in that number,
 *   open ones perhaps not yet.) At 0 the bucket is closed until the reset. A higher number is ignored until
 *   then: it may be an older answer that came late.
 * - After a 429 nothing goes out for the pause.
 *
 * What ic_budget_acquire answers is the shortest wait that is known to be needed. A place given back unsent,
 * or an answer while the service has few places left, may shorten it: ask again after ic_budget_release too.
 */
#include "core/engine/budget.h"
#include "core/base/alloc.h"
#include <math.h>

/* Never 0 where a place was refused, and never so little that asking again is a busy loop. */
#define WAIT_MIN 0.001 /* seconds */
/* As many places open as the service has left: some may be counted already, which their answers will tell. */
#define OPEN_AGAIN 0.25 /* seconds */

struct window {
    double *answered; /* ring: when the places that are not yet free were answered, oldest first */
    size_t capacity, first, count;
    size_t limit;        /* places; at most capacity */
    size_t open;         /* taken, not yet answered; count + open <= capacity */
    double closed_until; /* after a 429 */
    double lowest;       /* X-RateLimit-Remaining, in force until: */
    double lowest_until;
};

struct ic_budget {
    double share;
    struct window buckets[IC_BUCKET_COUNT];
    struct window company;
};

static const double published[IC_BUCKET_COUNT] = {
#define X(constant, name, per_minute) [IC_BUCKET_##constant] = per_minute,
    IC_BUCKETS(X)
#undef X
};

/* The share of a limit, in places. The small addend keeps 0.29 of 100 at 29. */
static size_t places(const ic_budget *budget, double per_minute) {
    double shared = floor(fmin(per_minute, IC_COMPANY_PER_MINUTE) * budget->share + 1e-6);
    return shared > 1 ? (size_t)shared : 1;
}

static double *ring_at(const struct window *window, size_t index) {
    return &window->answered[(window->first + index) % window->capacity];
}

/* Sets the limit. A ring too small for it grows, and when there is no memory for that, the limit is as high
 * as the ring allows. */
static void resize(struct window *window, size_t limit) {
    if (limit > window->capacity) {
        double *answered = ic_malloc(limit * sizeof *answered);
        if (answered) {
            for (size_t i = 0; i < window->count; i++)
                answered[i] = *ring_at(window, i);
            ic_free(window->answered);
            window->answered = answered;
            window->capacity = limit;
            window->first = 0;
        }
    }
    window->limit = limit < window->capacity ? limit : window->capacity;
}

static void forget_free_places(struct window *window, double now) {
    while (window->count && *ring_at(window, 0) + IC_BUDGET_WINDOW <= now) {
        window->first = (window->first + 1) % window->capacity;
        window->count--;
    }
}

/* Seconds until a place may be had by the window itself; 0: now. */
static double wait_for_place(struct window *window, double now) {
    forget_free_places(window, now);
    size_t taken = window->count + window->open;
    if (taken < window->limit) return 0;
    /* So many answered places must come free first. Where they do not suffice, an open one must: that lasts a
     * whole window from its answer on, unless it was never sent. */
    size_t must = taken - window->limit + 1;
    if (must > window->count) return IC_BUDGET_WINDOW;
    return fmax(*ring_at(window, must - 1) + IC_BUDGET_WINDOW - now, WAIT_MIN);
}

/* Seconds until the service lets more through, by what it said; 0: now. */
static double wait_for_service(const struct window *window, double now) {
    double wait = window->closed_until - now, reset = window->lowest_until - now;
    if (reset > 0 && (double)window->open >= window->lowest)
        wait = fmax(wait, window->lowest > 0 ? fmin(reset, OPEN_AGAIN) : reset);
    return wait > 0 ? fmax(wait, WAIT_MIN) : 0;
}

static void give_back(struct window *window, double now, bool sent) {
    window->open--;
    if (sent) *ring_at(window, window->count++) = now;
}

ic_budget *ic_budget_new(double share) {
    ic_budget *budget = ic_calloc(1, sizeof *budget);
    if (!budget) return NULL;
    budget->share = share > 0 ? fmin(share, 1) : 0;
    resize(&budget->company, places(budget, IC_COMPANY_PER_MINUTE));
    bool whole = budget->company.answered != NULL;
    for (int i = 0; i < IC_BUCKET_COUNT; i++) {
        if (i == IC_BUCKET_NONE) continue;
        resize(&budget->buckets[i], places(budget, published[i]));
        whole = whole && budget->buckets[i].answered;
    }
    if (whole) return budget;
    ic_budget_free(budget);
    return NULL;
}

void ic_budget_free(ic_budget *budget) {
    if (!budget) return;
    for (int i = 0; i < IC_BUCKET_COUNT; i++)
        ic_free(budget->buckets[i].answered);
    ic_free(budget->company.answered);
    ic_free(budget);
}

/* In NONE only a 429 makes a request wait. */
double ic_budget_acquire(ic_budget *budget, ic_bucket bucket, double now) {
    struct window *window = &budget->buckets[bucket];
    double wait = wait_for_service(window, now);
    if (!window->limit) return wait;
    wait = fmax(wait, fmax(wait_for_place(window, now), wait_for_place(&budget->company, now)));
    if (wait > 0) return wait;
    window->open++;
    budget->company.open++;
    return 0;
}

void ic_budget_release(ic_budget *budget, ic_bucket bucket, double now, bool sent) {
    struct window *window = &budget->buckets[bucket];
    if (!window->open) return;
    give_back(window, now, sent);
    give_back(&budget->company, now, sent);
}

/* A per-minute budget is never reset later than a window from now: a larger number is cut to that. */
void ic_budget_observe(ic_budget *budget, ic_bucket bucket, double now, double limit, double remaining,
                       double reset) {
    struct window *window = &budget->buckets[bucket];
    if (!window->limit) return;
    if (limit >= 0) resize(window, places(budget, limit));
    if (!(remaining >= 0 && reset >= 0)) return;
    if (window->lowest_until > now && remaining >= window->lowest) return;
    window->lowest = remaining;
    window->lowest_until = now + fmin(reset, IC_BUDGET_WINDOW);
}

void ic_budget_refused(ic_budget *budget, ic_bucket bucket, double now, double pause) {
    struct window *window = &budget->buckets[bucket];
    if (pause > 0) window->closed_until = fmax(window->closed_until, now + pause);
}
