/* The sockets of libcurl's kept connections, by their ports. libcurl takes a connection for a good one while
 * there is something to read from it. Over TLS, a server that closes an idle connection leaves something
 * there (close_notify, RFC 8446, 6.1), so libcurl would send the next request to it. The engine's thread
 * only. */
#ifndef IC_KEPT_SOCKETS_H
#define IC_KEPT_SOCKETS_H

#include "core/base/table.h"
#include <stdbool.h>

/* Zeroed, it is empty. */
typedef struct ic_kept_sockets {
    struct ic_kept_socket **by_descriptor; /* owned, and so is each; NULL: none */
    size_t size;
    ic_table by_ports;
} ic_kept_sockets;

/* A use of a connection. */
typedef struct ic_kept_use {
    double now, suspended; /* the time by ic_now and by ic_suspended */
    bool alone;            /* no other attempt can be under way on the connection */
    bool changes;          /* the request changes something */
} ic_kept_use;

/* A new connection, on the socket that was opened for it last. Without memory it is not noted. */
void ic_kept_sockets_note(ic_kept_sockets *kept, int ours, int theirs, int socket, ic_kept_use use);
/* Whether the server has closed the kept connection with those ports, or may have: the machine was suspended
 * after its last use, and does not learn what was sent to it meanwhile. For a read, one that was used within
 * the last 10 milliseconds is not looked at. False when the socket is not known. */
bool ic_kept_sockets_is_closed(ic_kept_sockets *kept, int ours, int theirs, ic_kept_use use);
void ic_kept_sockets_free(ic_kept_sockets *kept);

#endif
