/* Linked where hiredis has no TLS: the core then refuses rediss://. */
#include "redis/tls.h"
#include <stdio.h>

ic_redis_tls *ic_redis_tls_new(const ic_redis_target *target, char *why, size_t size) {
    (void)target;
    snprintf(why, size, "hiredis has no TLS here");
    return NULL;
}

ic_redis_tls_state ic_redis_tls_begin(ic_redis_tls *tls, redisContext *context, char *why, size_t size) {
    (void)tls, (void)context, (void)why, (void)size;
    return IC_REDIS_TLS_FAILED;
}

bool ic_redis_tls_peek(ic_redis_tls *tls, char *byte) {
    (void)tls, (void)byte;
    return false;
}

void ic_redis_tls_prepare(void) {}

bool ic_redis_tls_explain(const ic_redis_tls *tls, char *why, size_t size) {
    (void)tls, (void)why, (void)size;
    return false;
}

void ic_redis_tls_free(ic_redis_tls *tls) {
    (void)tls;
}
