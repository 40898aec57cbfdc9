/* TLS under a connection of hiredis. hiredis does the handshake while it reads and writes; what it is given
 * here makes OpenSSL refuse a server that cannot prove who it is. Where hiredis has no TLS, IC_REDIS_TLS is
 * false and tls_none.c is linked instead of tls.c. */
#ifndef IC_REDIS_TLS_H
#define IC_REDIS_TLS_H

#include "core/shared/driver.h"
#include <hiredis/hiredis.h>

typedef struct ic_redis_tls ic_redis_tls;

typedef enum ic_redis_tls_state {
    IC_REDIS_TLS_WAITS, /* for the socket to be connected */
    IC_REDIS_TLS_BEGUN,
    IC_REDIS_TLS_FAILED
} ic_redis_tls_state;

/* Verifies certificates as the target says. NULL when out of memory, or with a reason in `why`. */
ic_redis_tls *ic_redis_tls_new(const ic_redis_target *target, char *why, size_t size);
/* Puts TLS under the context once its socket is connected. Until that has begun, hiredis must not be called:
 * it would send in the clear. When it has failed, `why` says why. */
ic_redis_tls_state ic_redis_tls_begin(ic_redis_tls *tls, redisContext *context, char *why, size_t size);
/* Reads the next byte that has come, and leaves it there. */
bool ic_redis_tls_peek(ic_redis_tls *tls, char *byte);
/* Forgets the errors of others on this thread. Before calls into hiredis, which would take them for its own.
 */
void ic_redis_tls_prepare(void);
/* After a call into hiredis that has ended the connection: why TLS ended it. False: it did not. */
bool ic_redis_tls_explain(const ic_redis_tls *tls, char *why, size_t size);
void ic_redis_tls_free(ic_redis_tls *tls); /* NULL is allowed */

#endif
