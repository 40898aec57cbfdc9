/* The HTTP server: libmicrohttpd on a single thread, so that requests are answered one at a time. */
#ifndef IC_SANDBOX_SERVER_H
#define IC_SANDBOX_SERVER_H

#include "listener/connections.h"
#include "sandbox/http/certificate.h"
#include "sandbox/http/delays.h"
#include "sandbox/http/exchange.h"
#include "sandbox/http/log.h"
#include <pthread.h>

typedef struct ic_server {
    ic_company *company;
    ic_log *log;
    pthread_mutex_t *lock; /* held while a request is answered: guards the company and the log */
    const char *host;      /* the host to listen on */
    size_t max_body;
    ic_product product;             /* whose APIs it serves */
    void (*answer)(ic_exchange *x); /* gives each request its answer, one at a time */
    struct MHD_Daemon *daemon;
    ic_delays *delays;
    ic_connections connections;
} ic_server;

/* Serves the listening socket and takes ownership of it. With a certificate, which must outlive the server,
 * it uses TLS. false: libmicrohttpd failed. */
bool ic_server_start(ic_server *server, int socket, const ic_certificate *certificate);
void ic_server_stop(ic_server *server);

#endif
