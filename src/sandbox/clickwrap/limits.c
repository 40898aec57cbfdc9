#include "sandbox/clickwrap/limits.h"

unsigned ic_cw_limits_take(ic_cw_limits *limits, ic_bucket bucket, ic_time now) {
    ic_cw_window *window = &limits->buckets[bucket];
    ic_time closes = window->opened + (ic_time)(ic_rate_limits[bucket].seconds * 1000);
    if (!window->limit) return 0;
    if (!window->count || now >= closes) {
        window->opened = now;
        window->count = 0;
    } else if (window->count >= window->limit) {
        limits->refused++;
        return (unsigned)((closes - now + 999) / 1000);
    }
    window->count++;
    return 0;
}
