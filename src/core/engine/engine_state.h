/* What the engine holds while it runs. Each part belongs to the file that is named beside it. */
#ifndef IC_ENGINE_STATE_H
#define IC_ENGINE_STATE_H

#include "core/base/table.h"
#include "core/base/timers.h"
#include "core/engine/call.h"
#include <curl/curl.h>
#include <locale.h>

/* Only the thread that runs the engine uses it. */
typedef struct ic_engine {
    CURLM *multi;
    locale_t plain;            /* of numbers with a decimal point; 0: there was no memory for it */
    bool drivable;             /* another thread may drive */
    bool rests;                /* the engine's thread does not hold the turn */
    struct curl_waitfd wakeup; /* as polled last: the descriptor by which other threads wake this one */
    void (*wake)(void);        /* ic_engine_wake: any thread makes the engine look at what has changed */
    ic_timers timers;
    struct ic_transfer *newest_idle, *oldest_idle; /* owned; transfer.c, with the one after it */
    size_t idle_count;
    struct ic_client *clients;   /* clients.c, with the four after it */
    ic_table clients_by_address; /* of their connections */
    size_t clients_limit;        /* the number of clients at which it is time to tidy up */
    ic_timer tidy_timer;
    bool tidy_due;
    struct ic_token_entry *token_entries; /* token_queue.c */
    ic_table token_entries_by_key;
    struct ic_rate_queue *rate_queues; /* queues.c */
    ic_table rate_queues_by_key;
    struct ic_host_queue *host_queues; /* queues.c, with the one after it */
    struct ic_host_queue *due_host_queues;
    ic_table host_queues_by_key;
    double kept_connections;           /* the sum of their limits */
    struct ic_shared *shared;          /* shared.c, with the five after it */
    ic_table shared_by_key;            /* by address */
    struct curl_waitfd *shared_polled; /* owned: the sockets that were waited for, those of others first */
    size_t shared_capacity;
    struct curl_waitfd *shared_others; /* where those of others have come from, or NULL */
    size_t shared_other_count;
    struct ic_upkeep_group *upkeep; /* owned; upkeep.c */
    struct ic_socket *socket;       /* for hosts that wait by socket, or NULL; socket.c */
    bool ending;                    /* no more tokens are fetched */
    ic_call *live; /* all calls that have been started and are not done; the engine owns one count of each */
    ic_table live_by_id; /* the same calls */
} ic_engine;

#endif
