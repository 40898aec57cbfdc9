/* The engine's state for a connection: its token entry and its queues. It is freed when the connection has
 * no other owner and the state has no effect any more (clients.h). The engine's thread only. */
#ifndef IC_CLIENT_H
#define IC_CLIENT_H

#include "core/engine/engine_state.h"

typedef struct ic_client {
    ic_table_node node; /* by the connection's address */
    struct ic_client *next;
    ic_connection *connection;                           /* retained */
    struct ic_token_entry *token_entry;                  /* NULL: not needed so far; token_entry.h */
    struct ic_rate_queue *rate_queues[IC_COUNTED_COUNT]; /* NULL: not needed so far; queues.c */
    struct ic_host_queue *host_queues[IC_HOST_COUNT];    /* the same */
    struct ic_shared *shared;                            /* the same; shared.c */
    struct ic_transfer *idle_transfers; /* owned by the engine; the latest first; transfer.c */
} ic_client;

/* The connection's client, made when it is first needed. NULL when out of memory. */
ic_client *ic_client_of(ic_engine *engine, ic_connection *connection);

#endif
