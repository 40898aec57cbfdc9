/* The connections of a server. When there are too many, the one that has been idle longest is closed, so that
 * idle connections never keep others out. Everything here runs on the server's thread. */
#ifndef IC_LISTENER_CONNECTIONS_H
#define IC_LISTENER_CONNECTIONS_H

#include <stddef.h>

struct MHD_Connection;

/* How many connections a process can have at once, by its limit of open files (getrlimit(2)). */
size_t ic_connections_limit(void);

typedef struct ic_connection {
    struct ic_connection *previous, *next;
    int socket;
    unsigned requests; /* being read or answered; 0: idle */
} ic_connection;

typedef struct ic_connections {
    ic_connection *first, *last; /* by their last activity */
    size_t count, limit;
} ic_connections;

/* Adds a new connection, which may end another one. Returns its entry. NULL: out of memory, and it is not
 * counted. */
ic_connection *ic_connections_add(ic_connections *all, struct MHD_Connection *connection);
void ic_connections_remove(ic_connections *all, ic_connection *entry); /* frees it; NULL: nothing */
/* A request on the connection begins or ends. An entry of NULL does nothing. */
void ic_connections_begin(ic_connections *all, ic_connection *entry);
void ic_connections_end(ic_connections *all, ic_connection *entry);

#endif
