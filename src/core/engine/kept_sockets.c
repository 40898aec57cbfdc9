/* The table is not told when libcurl closes a socket, so its number may belong to something else by now. A
 * wrong answer does no harm: a good connection is not used, or a closed one is. */
#include "core/engine/kept_sockets.h"
#include "core/base/platform.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define RECENT 0.01 /* seconds */

static struct ic_kept_socket *kept_place(ic_kept_sockets *kept, int port) {
    return &kept->places[(unsigned)port % IC_KEPT_SOCKETS];
}

/* libcurl may have opened several sockets, for several addresses of the host, and has kept one. */
static bool kept_has_port(int socket, int port) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &size) != 0) return false;
    in_port_t found = address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                    : ((struct sockaddr_in *)&address)->sin_port;
    return ntohs(found) == port;
}

void ic_kept_sockets_note(ic_kept_sockets *kept, int port, int socket, double now) {
    struct ic_kept_socket *place = kept_place(kept, port);
    *place = (struct ic_kept_socket){
        .port = kept_has_port(socket, port) ? port : 0, .socket = socket, .used = now};
}

bool ic_kept_sockets_is_closed(ic_kept_sockets *kept, int port, bool recent, double now) {
    struct ic_kept_socket *place = kept_place(kept, port);
    if (!port || place->port != port || (!recent && now - place->used < RECENT)) return false;
    place->used = now;
    return ic_is_closed_by_peer(place->socket);
}
