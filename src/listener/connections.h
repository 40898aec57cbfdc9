/* The connections of a server: when there are too many, the one that has been silent longest is closed, so
 * that silent connections never keep others out. Everything here runs on the server's thread. */
#ifndef IC_LISTENER_CONNECTIONS_H
#define IC_LISTENER_CONNECTIONS_H

#include <stddef.h>

struct MHD_Connection;

/* How many a process can have at once: bounded by its limit of open files (getrlimit(2)). */
size_t ic_connections_limit(void);

typedef struct ic_connection {
    struct ic_connection *previous, *next;
    int socket;
    unsigned requests; /* being read or answered; 0: silent */
} ic_connection;

typedef struct ic_connections {
    ic_connection *first, *last; /* by their last activity */
    size_t count, limit;
} ic_connections;

/* A new connection; it may end another. Returns its entry, NULL: no memory, and it is not counted. */
ic_connection *ic_connections_add(ic_connections *all, struct MHD_Connection *connection);
void ic_connections_remove(ic_connections *all, ic_connection *entry); /* frees it; NULL: nothing */
/* A request of it begins or ends. NULL: nothing. */
void ic_connections_begin(ic_connections *all, ic_connection *entry);
void ic_connections_end(ic_connections *all, ic_connection *entry);

#endif
