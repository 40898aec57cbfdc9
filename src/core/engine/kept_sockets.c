/* libcurl does not always tell when it closes a socket. What is known of one stays until its descriptor or
 * its ports belong to a new connection, so there are never more than the process has had descriptors. A wrong
 * answer would do no harm: a good connection is not used, or a closed one is. */
#include "core/engine/kept_sockets.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define RECENT    0.01 /* seconds */
#define SUSPENDED 1.0  /* seconds; the two clocks are not read at the same time */

typedef struct ic_kept_socket {
    ic_table_node node; /* first; in by_ports while `known` */
    bool known;
    int socket;
    ic_kept_use used;
} kept_socket;

/* The low bits, which choose the chain, are those of the port that differs. */
static size_t kept_key(int ours, int theirs) {
    return (size_t)theirs << 16 | (size_t)ours;
}

static void kept_forget(ic_kept_sockets *kept, kept_socket *one) {
    if (one && one->known) ic_table_remove(&kept->by_ports, &one->node);
    if (one) one->known = false;
}

/* What is known of a descriptor; made when it is missing. NULL when out of memory. */
static kept_socket *kept_of(ic_kept_sockets *kept, int socket) {
    size_t index = (size_t)socket, size = kept->size ? kept->size : 64;
    while (size <= index)
        size *= 2;
    if (size > kept->size) {
        kept_socket **grown = ic_realloc(kept->by_descriptor, size * sizeof *grown);
        if (!grown) return NULL;
        memset(grown + kept->size, 0, (size - kept->size) * sizeof *grown);
        kept->by_descriptor = grown;
        kept->size = size;
    }
    kept_socket **one = &kept->by_descriptor[index];
    if (!*one) *one = ic_calloc(1, sizeof **one);
    return *one;
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

void ic_kept_sockets_note(ic_kept_sockets *kept, int ours, int theirs, int socket, ic_kept_use use) {
    size_t key = kept_key(ours, theirs);
    kept_forget(kept, (kept_socket *)ic_table_find_number(&kept->by_ports, key));
    kept_socket *one = kept_of(kept, socket);
    kept_forget(kept, one);
    if (!one || !kept_has_port(socket, ours)) return;
    one->known = true;
    one->socket = socket;
    one->used = use;
    ic_table_add_number(&kept->by_ports, &one->node, key);
}

bool ic_kept_sockets_is_closed(ic_kept_sockets *kept, int ours, int theirs, ic_kept_use use) {
    kept_socket *one = (kept_socket *)ic_table_find_number(&kept->by_ports, kept_key(ours, theirs));
    if (!one) return false;
    if (use.suspended - one->used.suspended > SUSPENDED) {
        /* libcurl finds it closed and drops it. The check keeps a foreign socket from harm. */
        if (use.alone && kept_has_port(one->socket, ours)) shutdown(one->socket, SHUT_RDWR);
        return true;
    }
    if (!use.changes && use.now - one->used.now < RECENT) return false;
    one->used = use;
    return ic_is_closed_by_peer(one->socket);
}

void ic_kept_sockets_free(ic_kept_sockets *kept) {
    for (size_t i = 0; i < kept->size; i++)
        ic_free(kept->by_descriptor[i]);
    ic_free(kept->by_descriptor);
    ic_table_free(&kept->by_ports);
}
