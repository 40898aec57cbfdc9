/* What the core needs of a client library for Redis. ironclad/redis.so makes one from hiredis, and is loaded
 * only when a connection has the option `shared`: the core is not linked with hiredis.
 *
 * A driver never waits, except that `open` with a host name may look it up: give it an address. All
 * functions are called on one thread, and none of a link's functions after `close`. */
#ifndef IC_SHARED_DRIVER_H
#define IC_SHARED_DRIVER_H

#include "core/shared/reply.h"

/* Changes with this file: the core refuses a driver of another version. */
#define IC_REDIS_DRIVER_VERSION 3

typedef struct ic_redis_link ic_redis_link; /* one connection; the driver's own */

/* What the driver calls; `owner` is that of `open`. During a call, `close` may be called. */
typedef struct ic_redis_events {
    /* The reply to the oldest command that has none. It belongs to the library, and is read with the
     * driver's `copy`. */
    void (*replied)(void *owner, const void *reply);
    /* The connection is open. */
    void (*opened)(void *owner);
    /* The connection could not be opened, or has ended; `why` is valid during the call. The link has been
     * freed. */
    void (*ended)(void *owner, const char *why);
} ic_redis_events;

/* Where a connection leads. The texts are only needed while `open` is called. */
typedef struct ic_redis_target {
    const char *host; /* its address; NULL: a unix socket */
    int port;         /* of `host` */
    const char *path; /* of the unix socket */
    /* For TLS: the name or the address that the certificate must be for. NULL: the connection is in the
     * clear.
     */
    const char *tls_name;
    const char *ca_file, *ca_path; /* whose certificates are trusted; one of them may be NULL */
    const char *client_cert;       /* a PEM file with the client's own certificate; NULL: none */
    const char *client_key;        /* its private key; NULL: in client_cert */
} ic_redis_target;

typedef struct ic_redis_driver {
    int version;
    const char *library; /* "hiredis 0.14.1" */
    bool tls;            /* whether it can open a connection over TLS */
    /* Begins to open a connection. NULL when out of memory, or with a reason in `why` when it has failed at
     * once. Over TLS, nothing is sent before the certificate is verified, and `opened` may come before that.
     */
    ic_redis_link *(*open)(const ic_redis_target *target, const ic_redis_events *events, void *owner,
                           char *why, size_t size);
    /* Sends a command, which is in Redis's protocol. False when out of memory: nothing has been sent. */
    bool (*send)(ic_redis_link *link, const char *bytes, size_t length);
    /* The socket, and what to wait for there. -1: there is none yet. */
    int (*descriptor)(const ic_redis_link *link, bool *reads, bool *writes);
    /* The socket is readable or writable. */
    void (*serve)(ic_redis_link *link, bool readable, bool writable);
    /* Ends the connection and frees the link. No event follows. */
    void (*close)(ic_redis_link *link);
    /* Copies a reply with the allocator that is given, which returns NULL when out of memory. False: out of
     * memory, or nested too deep. The caller must then free what has been copied. */
    bool (*copy)(const void *reply, ic_reply *copy, void *(*allocate)(size_t count, size_t size));
} ic_redis_driver;

/* The driver of this process. False: it is of another version than the core. `driver` must stay valid. */
bool ic_redis_driver_use(const ic_redis_driver *driver);
/* NULL: there is none yet. */
const ic_redis_driver *ic_redis_driver_in_use(void);

#endif
