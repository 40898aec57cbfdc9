#include "listener/connections.h"
#include "core/base/alloc.h"
#include <microhttpd.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX   4000
#define CONNECTIONS_LEAST 16

size_t ic_connections_limit(void) {
    struct rlimit files;
    size_t limit = CONNECTIONS_MAX;
    /* Half of the limit, because the process has other files open, and there are two servers. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 2 < limit)
        limit = (size_t)files.rlim_cur / 2;
    return limit < CONNECTIONS_LEAST ? CONNECTIONS_LEAST : limit;
}

static void connections_unlink(ic_connections *all, ic_connection *entry) {
    *(entry->previous ? &entry->previous->next : &all->first) = entry->next;
    *(entry->next ? &entry->next->previous : &all->last) = entry->previous;
    entry->previous = entry->next = NULL;
}

static void connections_append(ic_connections *all, ic_connection *entry) {
    entry->previous = all->last;
    *(all->last ? &all->last->next : &all->first) = entry;
    all->last = entry;
}

/* Ends the connection that has been idle longest; when none is idle, the one with the oldest request.
 * libmicrohttpd notices the shutdown and closes the connection, which removes its entry. */
static void connections_end_oldest(ic_connections *all) {
    ic_connection *oldest = NULL;
    for (ic_connection *entry = all->first; entry && !(oldest && !oldest->requests); entry = entry->next)
        if (entry->socket >= 0 && (!oldest || !entry->requests)) oldest = entry;
    if (!oldest) return;
    shutdown(oldest->socket, SHUT_RDWR);
    oldest->socket = -1;
}

ic_connection *ic_connections_add(ic_connections *all, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    ic_connection *entry = ic_calloc(1, sizeof *entry);
    if (!entry) return NULL;
    entry->socket = info ? info->connect_fd : -1;
    if (++all->count >= all->limit) connections_end_oldest(all);
    connections_append(all, entry);
    return entry;
}

void ic_connections_remove(ic_connections *all, ic_connection *entry) {
    if (!entry) return;
    connections_unlink(all, entry);
    all->count--;
    ic_free(entry);
}

static void connections_renew(ic_connections *all, ic_connection *entry) {
    connections_unlink(all, entry);
    connections_append(all, entry);
}

void ic_connections_begin(ic_connections *all, ic_connection *entry) {
    if (!entry) return;
    entry->requests++;
    connections_renew(all, entry);
}

void ic_connections_end(ic_connections *all, ic_connection *entry) {
    if (!entry) return;
    entry->requests--;
    connections_renew(all, entry);
}
