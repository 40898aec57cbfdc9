/* The HTTP server: libmicrohttpd on one thread of its own, so that requests are answered one at a time. */
#ifndef IC_SANDBOX_SERVER_H
#define IC_SANDBOX_SERVER_H

#include "sandbox/http/certificate.h"
#include "sandbox/http/delays.h"
#include "sandbox/http/exchange.h"
#include "sandbox/http/log.h"
#include <pthread.h>

typedef struct ic_server {
    ic_company *company;
    ic_log *log;
    pthread_mutex_t *lock; /* held while a request is answered: over company and log */
    size_t max_body;
    void (*answer)(ic_exchange *x); /* gives each request its answer, one at a time */
    struct MHD_Daemon *daemon;
    ic_delays *delays;
} ic_server;

/* Serves the listening socket, which it takes over, with TLS when a certificate is given (it must live as
 * long as the server). false: libmicrohttpd could not. */
bool ic_server_start(ic_server *server, int socket, const ic_certificate *certificate);
void ic_server_stop(ic_server *server);

/* A socket that listens at host and port (0: any free one; `*port` is then the real one). -1 with a message,
 * and with errno where a system call has failed (0: no such host). */
int ic_listen(const char *host, int *port, char *error, size_t size);
/* Whether only this machine can reach a listening socket, and whether an address is its own. */
struct sockaddr;
bool ic_listens_locally(int socket);
bool ic_address_is_local(const struct sockaddr *address);

#endif
