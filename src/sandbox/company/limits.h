/* Rate limits as Ironclad keeps them: so many requests a minute in each bucket, and over all of them together
 * for the company. A window slides: a request counts for 60 seconds of the sandbox's time. */
#ifndef IC_SANDBOX_LIMITS_H
#define IC_SANDBOX_LIMITS_H

#include "core/catalog/catalog.h"
#include "sandbox/base/dates.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ic_window {
    size_t limit;   /* a minute; 0: any number */
    ic_time *times; /* a ring of `limit` places: when the requests that count came */
    size_t first, count;
} ic_window;

typedef struct ic_limits {
    ic_window buckets[IC_BUCKET_COUNT];
    ic_window company;
} ic_limits;

/* What the headers of an answer say of its bucket. */
typedef struct ic_quota {
    size_t limit; /* 0: there is none, and no headers */
    size_t remaining;
    unsigned reset; /* seconds until the oldest request of the window counts no more */
} ic_quota;

#define IC_LIMIT_MOST 1000000
/* Sets a window's limit and empties it. false: no memory, and it has none. */
bool ic_window_set(ic_window *window, size_t limit);
/* Ironclad's published limits. false: no memory. */
bool ic_limits_publish(ic_limits *limits);
void ic_limits_clear(ic_limits *limits);
/* Counts a request of the bucket. Answers 0, or the seconds after which it would be let in; it does not count
 * then. */
unsigned ic_limits_take(ic_limits *limits, ic_bucket bucket, ic_time now, ic_quota *quota);

#endif
