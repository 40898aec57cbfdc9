/* A server that plays a script, so that specs can test against broken servers: raw bytes over TCP or TLS on
 * 127.0.0.1, a thread for each connection, all signals blocked there. No HTTP library changes what a script
 * sends. Test support: it aborts when there is no memory. */
#ifndef IC_PEER_SERVER_H
#define IC_PEER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_peer ic_peer;

/* A request as it came, in order of arrival; never changed once recorded. */
typedef struct ic_peer_request {
    const struct ic_peer_request *next;
    char *head; /* request line and fields, up to and with the empty line; NUL-terminated */
    char *body; /* decoded when it came in chunks; NUL-terminated */
    size_t length;
    size_t connection; /* from 1, in order of arrival */
} ic_peer_request;

ic_peer *ic_peer_new(void);

/* Before the start. The ith connection plays the ith script, later ones the last; a script that ends closes
 * its connection. Steps go to the script added last. */
void ic_peer_add_script(ic_peer *peer);
/* `bytes` may be NULL, `number` negative, where a step has none; everything is copied. Returns NULL, or what
 * is wrong (static text). The steps are the table in peer_server.c. */
const char *ic_peer_add_step(ic_peer *peer, const char *name, const char *bytes, size_t length, long number);
/* What the step "answer" sends: the nth to the nth request of the server, and the last one to all later
 * requests. */
void ic_peer_add_answer(ic_peer *peer, const char *bytes, size_t length);
/* Certificate and key are PEM files; `old`: nothing newer than TLS 1.1. False: they cannot be used. */
bool ic_peer_use_tls(ic_peer *peer, const char *certificate, const char *key, bool old);
/* Clients must show a certificate that one of those in the file has signed. After ic_peer_use_tls. */
bool ic_peer_want_clients_of(ic_peer *peer, const char *authorities);

/* Listens and returns; NULL, or what failed. Needs at least one script. */
const char *ic_peer_start(ic_peer *peer);
int ic_peer_port(const ic_peer *peer);
size_t ic_peer_connections(ic_peer *peer);
/* Opens one "gate", now or when it is reached. */
void ic_peer_release(ic_peer *peer);
/* Waits for `count` whole requests, a minute at most; returns how many there are. */
size_t ic_peer_await(ic_peer *peer, size_t count);
/* The requests so far; valid until ic_peer_free. Follow `next` only within the count. */
const ic_peer_request *ic_peer_requests(ic_peer *peer, size_t *count);

/* Closes everything and joins the threads; may be called again. In a forked child, which has no threads, it
 * only closes the child's descriptors. */
void ic_peer_stop(ic_peer *peer);
void ic_peer_free(ic_peer *peer); /* stops; NULL is allowed */

#endif
