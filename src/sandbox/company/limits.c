#include "sandbox/company/limits.h"
#include "core/base/alloc.h"

#define MINUTE ((ic_time)60 * 1000)

/* --- windows --- */

bool ic_window_set(ic_window *window, size_t limit) {
    ic_free(window->times);
    *window = (ic_window){0};
    if (!limit) return true;
    window->times = ic_malloc(limit * sizeof *window->times);
    if (window->times) window->limit = limit;
    return window->times != NULL;
}

static void limit_window_forget_old(ic_window *window, ic_time now) {
    while (window->count && window->times[window->first] + MINUTE <= now) {
        window->first = (window->first + 1) % window->limit;
        window->count--;
    }
}

/* Milliseconds until the oldest request stops counting. The window must not be empty. */
static ic_time limit_window_until_free(const ic_window *window, ic_time now) {
    return window->times[window->first] + MINUTE - now;
}

static bool limit_window_is_full(const ic_window *window) {
    return window->limit && window->count == window->limit;
}

static void limit_window_count(ic_window *window, ic_time now) {
    if (window->limit) window->times[(window->first + window->count++) % window->limit] = now;
}

/* --- limits --- */

/* Only for sliding windows. Clickwrap has separate limits (clickwrap/limits.h). */
bool ic_limits_publish(ic_limits *limits) {
    bool set = ic_window_set(&limits->company, IC_COMPANY_PER_MINUTE);
    for (size_t i = 0; i < IC_BUCKET_COUNT; i++) {
        const ic_rate_limit *published = &ic_rate_limits[i];
        bool slides = published->kind == IC_WINDOW_SLIDING;
        set = ic_window_set(&limits->buckets[i], slides ? (size_t)published->requests : 0) && set;
    }
    return set;
}

void ic_limits_clear(ic_limits *limits) {
    ic_window_set(&limits->company, 0);
    for (size_t i = 0; i < IC_BUCKET_COUNT; i++)
        ic_window_set(&limits->buckets[i], 0);
}

static unsigned limits_seconds(ic_time milliseconds) {
    return milliseconds > 0 ? (unsigned)((milliseconds + 999) / 1000) : 0;
}

unsigned ic_limits_take(ic_limits *limits, ic_bucket bucket, ic_time now, ic_quota *quota) {
    ic_window *own = &limits->buckets[bucket], *company = &limits->company;
    ic_time wait = 0;
    *quota = (ic_quota){0};
    if (bucket == IC_BUCKET_NONE) return 0;
    limit_window_forget_old(own, now);
    limit_window_forget_old(company, now);
    if (limit_window_is_full(own)) wait = limit_window_until_free(own, now);
    if (limit_window_is_full(company) && limit_window_until_free(company, now) > wait)
        wait = limit_window_until_free(company, now);
    if (!wait) {
        limit_window_count(own, now);
        limit_window_count(company, now);
    }
    if (own->limit)
        *quota = (ic_quota){.limit = own->limit,
                            .remaining = own->limit - own->count,
                            .reset = own->count ? limits_seconds(limit_window_until_free(own, now)) : 0};
    return limits_seconds(wait);
}
