/* The links to the shared Redis (option `shared`): one for each address, however many clients use it. The
 * engine's loop waits for their sockets. The engine's thread only. */
#ifndef IC_SHARED_H
#define IC_SHARED_H

#include "core/engine/client.h"
#include "core/shared/link.h"

typedef struct ic_shared {
    ic_table_node node;
    struct ic_shared *next;
    ic_engine *engine;
    char *key;  /* owned; the address with user and password */
    long users; /* clients, groups of permits and of upkeep */
    ic_link *link;
    bool counted;               /* stats.h knows that it is connected */
    struct curl_waitfd *polled; /* its place in the array that was polled last, or NULL */
} ic_shared;

/* The link that the client of a connection uses, made when it is first needed. NULL with MEMORY, or with
 * STORE when the driver cannot open such an address. */
ic_shared *ic_shared_of(ic_engine *engine, ic_connection *connection, ic_error *error);
/* Detaches a client that is being freed. */
void ic_shared_forget(ic_client *client);
/* Ends the links that nobody uses. */
void ic_shared_tidy(ic_engine *engine);
void ic_shared_free(ic_engine *engine);

/* Adds the links' sockets to those that the loop waits for, `count` of them, and shortens the wait
 * (milliseconds) to what is due. Returns the array to wait with, which is valid until the next call. */
struct curl_waitfd *ic_shared_watch(ic_engine *engine, struct curl_waitfd *others, unsigned *count,
                                    int *wait);
/* After the wait: does what the sockets and the time ask for. */
void ic_shared_serve(ic_engine *engine);

#endif
