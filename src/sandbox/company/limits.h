/* Ironclad's rate limits: requests per minute for each bucket, and for the whole company. The windows are
 * sliding: a request counts for 60 seconds of the sandbox's time. */
#ifndef IC_SANDBOX_LIMITS_H
#define IC_SANDBOX_LIMITS_H

#include "core/catalog/catalog.h"
#include "sandbox/base/dates.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ic_window {
    size_t limit;   /* requests a minute; 0: unlimited */
    ic_time *times; /* a ring of `limit` entries: the times of the requests that count */
    size_t first, count;
} ic_window;

typedef struct ic_limits {
    ic_window buckets[IC_BUCKET_COUNT];
    ic_window company;
} ic_limits;

/* What the headers of an answer say about its bucket. */
typedef struct ic_quota {
    size_t limit; /* 0: no limit, and no headers */
    size_t remaining;
    unsigned reset; /* seconds until the oldest request in the window stops counting */
} ic_quota;

#define IC_LIMIT_MOST 1000000
/* Sets a window's limit and empties it. false: no memory, and it is unlimited. */
bool ic_window_set(ic_window *window, size_t limit);
/* Ironclad's published limits. false: no memory. */
bool ic_limits_publish(ic_limits *limits);
void ic_limits_clear(ic_limits *limits);
/* Counts a request in its bucket. Returns 0. When it is refused, returns the seconds after which it would be
 * accepted; a refused request does not count. */
unsigned ic_limits_take(ic_limits *limits, ic_bucket bucket, ic_time now, ic_quota *quota);

#endif
