/* The sockets of libcurl's kept connections, by their local ports. libcurl takes a connection for a good one
 * while there is something to read from it. Over TLS, a server that closes an idle connection leaves
 * something there (close_notify, RFC 8446, 6.1), so libcurl would send the next request to it. The engine's
 * thread only. */
#ifndef IC_KEPT_SOCKETS_H
#define IC_KEPT_SOCKETS_H

#include <stdbool.h>

#define IC_KEPT_SOCKETS 1024

/* A socket is forgotten when the port of another one has the same place: that one is then not looked at, as
 * if there were no table. */
typedef struct ic_kept_sockets {
    struct ic_kept_socket {
        int port, socket; /* port 0: none */
        double used;      /* ic_now's seconds */
    } places[IC_KEPT_SOCKETS];
} ic_kept_sockets;

/* A new connection, on the socket that was opened for it last. */
void ic_kept_sockets_note(ic_kept_sockets *kept, int port, int socket, double now);
/* Whether the server has closed the kept connection with that local port. Without `recent`, one that was used
 * within the last 10 milliseconds is not looked at. False when the socket is not known. */
bool ic_kept_sockets_is_closed(ic_kept_sockets *kept, int port, bool recent, double now);

#endif
