/* What the engine has done since the module was loaded, counted for the whole process. A forked child counts
 * from zero. */
#ifndef IC_STATS_H
#define IC_STATS_H

#include "core/catalog/catalog.h"
#include <stdbool.h>

/* Counts that only grow. */
typedef enum ic_count {
    IC_COUNT_CALLS,    /* operations and requests that scripts have started */
    IC_COUNT_FAILED,   /* … and that have ended with an error */
    IC_COUNT_REQUESTS, /* attempts, those for tokens too */
    IC_COUNT_RETRIES,  /* decisions to send a call again, also with a renewed token */
    IC_COUNT_TOKENS,   /* tokens that the service has given: first ones and renewed ones */
    /* With the shared Redis: */
    IC_COUNT_OPENED,   /* connections that were opened */
    IC_COUNT_LOST,     /* … and that have ended by themselves */
    IC_COUNT_BLOCKS,   /* blocks of permits that were taken */
    IC_COUNT_PERMITS,  /* … the permits in them */
    IC_COUNT_RETURNED, /* … and those that were given back */
    IC_COUNT_ALONE,    /* how often a limit went on with rate_share */
    IC_COUNT_LOCKS,    /* locks of tokens that were taken */
    IC_COUNT_COMMANDS, /* commands for events and states */
    IC_COUNT_AGAIN,    /* what Redis had lost of these, and was told again */
    IC_COUNT_COUNT
} ic_count;

/* What there is now. */
typedef enum ic_gauge {
    IC_GAUGE_IN_FLIGHT, /* attempts under way */
    IC_GAUGE_PENDING,   /* calls of scripts that have been started and are not done, in flight or not */
    IC_GAUGE_CONNECTED, /* connections to shared Redis servers */
    IC_GAUGE_KEPT,      /* events that this process keeps until they are handled in the shared inbox */
    IC_GAUGE_COUNT
} ic_gauge;

/* Why a call has waited; the names are those of ic_event.reason. */
typedef enum ic_wait_reason {
    IC_WAIT_BUDGET,      /* for a rate-limit permit */
    IC_WAIT_IN_FLIGHT,   /* for an in-flight permit */
    IC_WAIT_RETRY_AFTER, /* because the service asked for a pause */
    IC_WAIT_COUNT
} ic_wait_reason;

extern const char *const ic_wait_reason_names[IC_WAIT_COUNT];

typedef struct ic_waits {
    unsigned long counts[IC_WAIT_COUNT];
    double seconds; /* of all of them together */
} ic_waits;

typedef struct ic_stats {
    unsigned long counts[IC_COUNT_COUNT];
    long gauges[IC_GAUGE_COUNT];
    ic_waits waits[IC_BUCKET_COUNT];
} ic_stats;

/* The engine's thread. */
void ic_stats_count(ic_count count);
void ic_stats_add(ic_count count, unsigned long number);
void ic_stats_change(ic_gauge gauge, long by);
/* A wait has ended, after `seconds`. */
void ic_stats_waited(ic_wait_reason reason, ic_bucket bucket, double seconds);

/* Any thread. The numbers are read one by one: while the engine works, they may be from different moments. */
void ic_stats_read(ic_stats *stats);
long ic_stats_gauge(ic_gauge gauge);
/* The engine's thread has ended before its calls were done: there are none now. */
void ic_stats_forget_gauges(void);
/* In a forked child. */
void ic_stats_reset(void);

#endif
