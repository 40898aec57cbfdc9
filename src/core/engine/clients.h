/* The engine's state for a connection: its token entry and its queues. It is freed when the connection has
 * no other owner and the state has no effect any more. The engine's thread only. */
#ifndef IC_CLIENTS_H
#define IC_CLIENTS_H

#include "core/engine/engine.h"

typedef struct ic_client {
    ic_table_node node; /* by the connection's address */
    struct ic_client *next;
    ic_connection *connection;                           /* retained */
    struct ic_token_entry *token_entry;                  /* NULL: not needed so far; token_work.h */
    struct ic_rate_queue *rate_queues[IC_COUNTED_COUNT]; /* NULL: not needed so far; queues.c */
    struct ic_host_queue *host_queues[IC_HOST_COUNT];    /* the same */
    struct ic_shared *shared;                            /* the same; shared.c */
    struct ic_transfer *idle_transfers; /* owned by the engine; the latest first; transfer.c */
} ic_client;

/* The connection's client, made when it is first needed. NULL when out of memory. */
ic_client *ic_client_of(ic_engine *engine, ic_connection *connection);
/* Called when a call has ended, because there may soon be something to free. */
void ic_clients_note_end(ic_engine *engine, double now);
/* Frees what is not used any more, from time to time. Called between the engine's turns, when nothing
 * iterates over the clients. */
void ic_clients_tidy(ic_engine *engine, double now);
/* False when out of memory. */
bool ic_clients_init(ic_engine *engine);
void ic_clients_free(ic_engine *engine);

#endif
