/* Sliding windows. A permit is acquired before a request is sent and is free again a window's length after
 * its answer: the service counts the request somewhere between the two, so in any 60 s it never counts more
 * than the limit.
 *
 * Three things close a bucket: its own window when it is full, the company's, and what the service has said:
 * - X-RateLimit-Limit replaces the published limit, up or down (the demo host has less), but never above the
 *   company's. `share` applies to it too.
 * - X-RateLimit-Remaining counts only together with X-RateLimit-Reset, and only lowers the limit: until the
 *   reset, no more permits may be open than the lowest number reported. (Requests that were answered are
 *   counted in that number, open ones perhaps not yet.) At 0 the bucket is closed until the reset. A higher
 *   number is ignored until then: it may be from an older answer that came late.
 * - After a 429 the bucket is closed for the pause.
 *
 * Fixed windows are those of fixed_window.c. The headers are not documented for them, and are ignored.
 * Clickwrap e-mails the owners of a site when a limit is reached, so the last permit of a limit is never
 * given.
 *
 * ic_budget_acquire returns the shortest wait that is known to be needed. A permit that was not used, or
 * an answer while the service has few requests left, may shorten it. Ask again after ic_budget_release. */
#include "core/engine/budget.h"
#include "core/base/alloc.h"
#include <math.h>

/* The shortest wait, so that asking again does not become a busy loop. */
#define WAIT_MIN 0.001 /* seconds */
/* The wait when as many permits are open as the service has left: some may be counted already, as their
 * answers will say. */
#define OPEN_AGAIN     0.25 /* seconds */
#define FIRST_CAPACITY 8    /* permits */

struct window {
    double *answered; /* owned; a ring: when the permits that are not free yet were released, oldest first */
    size_t capacity, first, count;
    double requests;     /* that the service allows in it */
    bool told;           /* by an answer */
    size_t limit;        /* permits: the share of them */
    size_t open;         /* acquired and not released; count + open <= capacity */
    double closed_until; /* after a 429 */
    double lowest;       /* the lowest X-RateLimit-Remaining … */
    double lowest_until; /* … which counts until then */
};

struct ic_budget {
    double share;
    struct window buckets[IC_BUCKET_COUNT]; /* of a fixed one: `closed_until` alone */
    struct window company;
    ic_fixed_window fixed[IC_BUCKET_COUNT]; /* `limit` 0: it is a sliding one */
};

/* The share of a number of requests, in permits. The small addend corrects rounding errors: 0.29 of 100 must
 * be 29. */
static size_t budget_share(const ic_budget *budget, double requests) {
    double shared = floor(requests * budget->share + 1e-6);
    return shared > 1 ? (size_t)shared : 1;
}

static size_t budget_permits(const ic_budget *budget, double per_minute) {
    return budget_share(budget, fmin(per_minute, IC_COMPANY_PER_MINUTE));
}

static double *budget_window_at(const struct window *window, size_t index) {
    return &window->answered[(window->first + index) % window->capacity];
}

/* Makes room for one more permit. Most clients use few, so the ring grows with its use. False when out of
 * memory. */
static bool budget_window_reserve(struct window *window) {
    if (window->count + window->open < window->capacity) return true;
    size_t capacity = window->capacity ? window->capacity * 2 : FIRST_CAPACITY;
    double *answered = ic_malloc(capacity * sizeof *answered);
    if (!answered) return false;
    for (size_t i = 0; i < window->count; i++)
        answered[i] = *budget_window_at(window, i);
    ic_free(window->answered);
    window->answered = answered;
    window->capacity = capacity;
    window->first = 0;
    return true;
}

static void budget_window_forget_free(struct window *window, double now) {
    while (window->count && *budget_window_at(window, 0) + IC_BUDGET_WINDOW <= now) {
        window->first = (window->first + 1) % window->capacity;
        window->count--;
    }
}

/* Seconds until the window itself has a free permit; 0: now. */
static double budget_window_wait(struct window *window, double now) {
    budget_window_forget_free(window, now);
    size_t taken = window->count + window->open;
    if (taken < window->limit) return budget_window_reserve(window) ? 0 : OPEN_AGAIN;
    /* This many permits must become free first. If fewer have been released, an open one must become free,
     * too. That takes a whole window after its answer, unless it is never sent. */
    size_t must = taken - window->limit + 1;
    if (must > window->count) return IC_BUDGET_WINDOW;
    return fmax(*budget_window_at(window, must - 1) + IC_BUDGET_WINDOW - now, WAIT_MIN);
}

/* Seconds until the service accepts more, according to its headers; 0: now. */
static double budget_window_wait_for_service(const struct window *window, double now) {
    double wait = window->closed_until - now, reset = window->lowest_until - now;
    if (reset > 0 && (double)window->open >= window->lowest)
        wait = fmax(wait, window->lowest > 0 ? fmin(reset, OPEN_AGAIN) : reset);
    return wait > 0 ? fmax(wait, WAIT_MIN) : 0;
}

static void budget_window_release(struct window *window, double now, bool sent) {
    window->open--;
    if (sent) *budget_window_at(window, window->count++) = now;
}

ic_budget *ic_budget_new(double share) {
    ic_budget *budget = ic_calloc(1, sizeof *budget);
    if (!budget) return NULL;
    budget->company.requests = IC_COMPANY_PER_MINUTE;
    for (int i = 0; i < IC_BUCKET_COUNT; i++) {
        const ic_rate_limit *published = &ic_rate_limits[i];
        budget->buckets[i].requests = published->requests;
        if (published->kind == IC_WINDOW_FIXED) {
            budget->fixed[i] = (ic_fixed_window){.seconds = published->seconds};
            budget->buckets[i].requests--;
        }
    }
    ic_budget_set_share(budget, share);
    return budget;
}

void ic_budget_set_share(ic_budget *budget, double share) {
    share = share > 0 ? fmin(share, 1) : 0;
    if (budget->share == share && budget->company.limit) return;
    budget->share = share;
    budget->company.limit = budget_permits(budget, budget->company.requests);
    for (int i = 0; i < IC_BUCKET_COUNT; i++) {
        double requests = budget->buckets[i].requests;
        if (ic_rate_limits[i].kind == IC_WINDOW_FIXED)
            budget->fixed[i].limit = budget_share(budget, requests);
        else if (i != IC_BUCKET_NONE)
            budget->buckets[i].limit = budget_permits(budget, requests);
    }
}

double ic_budget_requests(const ic_budget *budget, ic_bucket bucket, bool *told) {
    *told = budget->buckets[bucket].told;
    return budget->buckets[bucket].requests;
}

void ic_budget_free(ic_budget *budget) {
    if (!budget) return;
    for (int i = 0; i < IC_BUCKET_COUNT; i++)
        ic_free(budget->buckets[i].answered);
    ic_free(budget->company.answered);
    ic_free(budget);
}

bool ic_budget_reserve(ic_budget *budget, ic_bucket bucket) {
    struct window *window = &budget->buckets[bucket];
    return !window->limit || (budget_window_reserve(window) && budget_window_reserve(&budget->company));
}

static bool budget_window_is_idle(struct window *window, double now) {
    budget_window_forget_free(window, now);
    return !window->count && !window->open && window->closed_until <= now && window->lowest_until <= now;
}

bool ic_budget_is_idle(ic_budget *budget, double now) {
    bool idle = budget_window_is_idle(&budget->company, now);
    for (int i = 0; i < IC_BUCKET_COUNT; i++)
        idle = idle && budget_window_is_idle(&budget->buckets[i], now) &&
               ic_fixed_window_is_idle(&budget->fixed[i], now);
    return idle;
}

/* A request in NONE waits only after a 429. */
double ic_budget_acquire(ic_budget *budget, ic_bucket bucket, double now) {
    struct window *window = &budget->buckets[bucket];
    double wait = budget_window_wait_for_service(window, now);
    if (budget->fixed[bucket].limit)
        return wait > 0 ? fmax(wait, ic_fixed_window_wait(&budget->fixed[bucket], now))
                        : ic_fixed_window_acquire(&budget->fixed[bucket], now);
    if (!window->limit) return wait;
    wait = fmax(wait, fmax(budget_window_wait(window, now), budget_window_wait(&budget->company, now)));
    if (wait > 0) return wait;
    window->open++;
    budget->company.open++;
    return 0;
}

void ic_budget_release(ic_budget *budget, ic_bucket bucket, double now, ic_permit_end end) {
    struct window *window = &budget->buckets[bucket];
    if (budget->fixed[bucket].limit) ic_fixed_window_release(&budget->fixed[bucket], now, end);
    if (!window->open) return;
    budget_window_release(window, now, end != IC_PERMIT_UNUSED);
    budget_window_release(&budget->company, now, end != IC_PERMIT_UNUSED);
}

/* A per-minute budget is reset within one window, so a longer time is cut to that. */
void ic_budget_observe(ic_budget *budget, ic_bucket bucket, double now, double limit, double remaining,
                       double reset) {
    struct window *window = &budget->buckets[bucket];
    if (!window->limit) return;
    if (limit >= 1) { /* a limit of no request would stop the bucket for the length of a window */
        window->requests = fmin(limit, IC_COMPANY_PER_MINUTE);
        window->told = true;
        window->limit = budget_permits(budget, limit);
    }
    if (!(remaining >= 0 && reset >= 0)) return;
    if (window->lowest_until > now && remaining >= window->lowest) return;
    window->lowest = remaining;
    window->lowest_until = now + fmin(reset, IC_BUDGET_WINDOW);
}

/* After the length of a window the service accepts requests again, whatever its headers say. */
void ic_budget_refused(ic_budget *budget, ic_bucket bucket, double now, double pause) {
    struct window *window = &budget->buckets[bucket];
    if (pause > 0)
        window->closed_until = fmax(window->closed_until, now + fmin(pause, ic_rate_limits[bucket].seconds));
}
