/* Rate-limit permits from the shared Redis: all machines of a company together keep within its limits.
 * Permits are taken in blocks, so that not every call costs a round trip. Unused permits are soon given back.
 * While Redis cannot be reached, the machine uses its share of the limits (option rate_share). The engine's
 * thread only. */
#ifndef IC_SHARED_PERMITS_H
#define IC_SHARED_PERMITS_H

#include "core/engine/shared.h"

/* The most permits of a block. */
#define IC_SHARED_BLOCK 16

typedef struct ic_shared_permits ic_shared_permits;

/* There may be permits of the bucket now, or it is known how long to wait: ask again. */
typedef void ic_shared_permits_news(ic_engine *engine, void *owner, ic_bucket bucket);

/* For the connection's shared Redis and for what `by` counts. NULL with MEMORY or STORE. */
ic_shared_permits *ic_shared_permits_new(ic_engine *engine, ic_connection *connection, ic_counted by,
                                         ic_shared_permits_news *news, void *owner, ic_error *error);
void ic_shared_permits_free(ic_shared_permits *permits); /* gives back what was not used; NULL is allowed */

/* Whether Redis gives permits now. False: the machine has only its share of the limits. */
bool ic_shared_permits_are_shared(const ic_shared_permits *permits, double now);
typedef struct ic_shared_limit {
    double requests; /* in a window */
    bool told;       /* `requests` is from an answer, and is published to the other machines */
    size_t wanted;   /* the calls that wait for a permit, with this one */
} ic_shared_limit;

/* Takes a permit. 0: taken; otherwise the seconds until there may be one, as far as is known, and in `again`
 * those after which to ask again, unless `news` comes before. */
double ic_shared_permits_acquire(ic_shared_permits *permits, ic_bucket bucket, const ic_shared_limit *limit,
                                 double now, ic_shared_permit *permit, double *again);
/* An answer had the limit of a bucket: publishes it to the other machines. */
void ic_shared_permits_told(ic_shared_permits *permits, ic_bucket bucket, double requests, double now);
/* A permit that was taken has not been used: nothing has reached the service. */
void ic_shared_permits_return(ic_shared_permits *permits, ic_bucket bucket, double now);
/* A permit has been used, and the service has counted its request by now. If that is so late that the permit
 * would end too early, the permit counts from now. */
void ic_shared_permits_used(ic_shared_permits *permits, ic_bucket bucket, ic_shared_permit *permit,
                            double now);
/* The service has refused a request with 429: no machine gets a permit for `seconds`. */
void ic_shared_permits_refused(ic_shared_permits *permits, ic_bucket bucket, double seconds, double now);

#endif
