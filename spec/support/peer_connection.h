/* A connection of the scripted server: what it reads and sends. Every wait also ends when the server is
 * stopping. */
#ifndef IC_PEER_CONNECTION_H
#define IC_PEER_CONNECTION_H

#include "spec/support/acceptor.h"
#include "spec/support/peer_server.h"
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

typedef enum step_kind {
    READ,
    FRAMES,
    SEND,
    REPEAT,
    DRIP,
    ANSWER,
    GATE,
    HANG,
    SHUTDOWN,
    CLOSE,
    RESET,
    LOOP
} step_kind;

typedef struct text {
    char *data; /* owned, NUL-terminated */
    size_t length;
} text;

typedef struct step {
    step_kind kind;
    text text;
    long number;
} step;

typedef struct script {
    step *steps;
    size_t count;
} script;

typedef struct connection {
    struct connection *next;
    ic_peer *peer;
    const script *script;
    size_t index;
    pthread_t thread;
    atomic_bool ended; /* the thread's last act */
    int socket;
    SSL *tls;
    bool framed;  /* HTTP/2's preface has been read */
    char *buffer; /* received, not yet taken */
    size_t used, capacity;
    size_t arrival; /* number of the request read last, over all connections */
} connection;

struct ic_peer {
    script *scripts;
    text *answers;
    size_t script_count, answer_count;
    SSL_CTX *tls;
    ic_acceptor acceptor;
    pid_t owner;             /* threads do not survive a fork: a child never joins them */
    connection *connections; /* the acceptor's thread's, until it is stopped */
    pthread_mutex_t lock;    /* guards what follows */
    pthread_cond_t changed;
    const ic_peer_request *requests, **last;
    size_t request_count, accepted, released;
    bool stopped;
};

/* The block; aborts when there is no memory. */
void *ic_peer_need(void *block);
text ic_peer_copy_text(const char *data, size_t length);
/* Waits for `events`; without events, for `limit` milliseconds (-1 with events). False: the server stops. */
bool ic_peer_await_socket(const connection *c, short events, int limit);
/* After a transfer that moved nothing: waits until it can be tried again. False: it cannot. */
bool ic_peer_await_retry(const connection *c, long result, short events);
/* 0: the other side has closed, something broke, or the server is stopping. */
size_t ic_peer_receive(connection *c, char *into, size_t room);
/* These send all of it; false: the other side has closed, or the server is stopping. `pause`: milliseconds
 * after each byte.
 */
bool ic_peer_transmit(connection *c, const char *from, size_t length);
bool ic_peer_transmit_repeated(connection *c, const text *unit, size_t times);
bool ic_peer_transmit_slowly(connection *c, const text *piece, int pause);
/* Reads one whole request and records it. False: none came. */
bool ic_peer_read_request(connection *c);
/* HTTP/2 without TLS (RFC 9113, 3.4 and 4.1). The request that is recorded has the line "H2 /<number of the
 * stream>" and no fields, which are compressed; its body is what came in DATA frames. */
bool ic_peer_read_frames(connection *c);

#endif
