/* Clickwrap's rate limits: fixed windows, each opened by its first request. */
#ifndef IC_SANDBOX_CLICKWRAP_LIMITS_H
#define IC_SANDBOX_CLICKWRAP_LIMITS_H

#include "core/catalog/catalog.h"
#include "sandbox/base/dates.h"
#include <stddef.h>

typedef struct ic_cw_window {
    size_t limit; /* requests; 0: unlimited */
    size_t count; /* in the window */
    ic_time opened;
} ic_cw_window;

/* By bucket; those of Ironclad's CLM are not used. */
typedef struct ic_cw_limits {
    ic_cw_window buckets[IC_BUCKET_COUNT];
    size_t refused; /* requests */
} ic_cw_limits;

/* Counts a request. Returns 0; when it is refused, the seconds until the window closes. */
unsigned ic_cw_limits_take(ic_cw_limits *limits, ic_bucket bucket, ic_time now);

#endif
