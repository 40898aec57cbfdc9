/* A server's listener on a port of 127.0.0.1, and the thread that hands over its connections. Test support.
 */
#ifndef IC_SPEC_ACCEPTOR_H
#define IC_SPEC_ACCEPTOR_H

#include <pthread.h>
#include <stdbool.h>

typedef struct ic_acceptor {
    int listener;
    int stopping; /* an eventfd, readable once the server must end */
    int port;
    bool running;
    pthread_t thread;
    void (*accepted)(void *owner, int socket);
    void *owner;
} ic_acceptor;

#define IC_ACCEPTOR_CLOSED ((ic_acceptor){.listener = -1, .stopping = -1})

/* Calls `accepted` on a new thread with each new connection: a non-blocking socket with TCP_NODELAY, owned by
 * the function. Returns NULL, or why the server cannot start. */
const char *ic_acceptor_start(ic_acceptor *acceptor, void (*accepted)(void *owner, int socket), void *owner);

/* Makes `stopping` readable and waits for the thread. No connection comes after that. Only in the process
 * that has started it. */
void ic_acceptor_stop(ic_acceptor *acceptor);

/* Closes the descriptors, once no thread uses them. May be called again. */
void ic_acceptor_close(ic_acceptor *acceptor);

#endif
