/* What the engine holds while it runs. Each part belongs to the file that is named beside it. */
#ifndef IC_ENGINE_STATE_H
#define IC_ENGINE_STATE_H

#include "core/base/table.h"
#include "core/base/timers.h"
#include "core/engine/call.h"
#include "core/engine/kept_sockets.h"
#include <curl/curl.h>
#include <locale.h>

typedef struct ic_engine ic_engine;

/* How a call goes on, for what it waits for: its token, its permits, the shared Redis. flow.c stands above
 * these, so they reach it through this table. */
typedef struct ic_flow_steps {
    /* Starts a call, which ends by itself from here on: sooner or later it is done. */
    void (*start)(ic_engine *engine, ic_call *call);
    /* Continues a call when its wait has ended. */
    void (*advance)(ic_engine *engine, ic_call *call);
    /* Ends the call with the value that it has. */
    void (*complete)(ic_engine *engine, ic_call *call);
    /* Ends the call with a copy of `error`, which others found (while getting its token, for example). */
    void (*fail)(ic_engine *engine, ic_call *call, const ic_error *error);
    /* Ends the call with RATE_LIMITED: a wait of `pause` seconds would pass its deadline. */
    void (*too_late)(ic_engine *engine, ic_call *call, double pause);
} ic_flow_steps;

/* Only the thread that runs the engine uses it. */
struct ic_engine {
    const ic_flow_steps *flow; /* never NULL */
    CURLM *multi;
    locale_t plain;            /* of numbers with a decimal point; 0: there was no memory for it */
    bool drivable;             /* another thread may drive */
    bool rests;                /* the engine's thread does not hold the turn */
    double ran;                /* ic_now's seconds: when it was last seen to run (ic_engine_note_run) */
    struct curl_waitfd wakeup; /* as polled last: the descriptor by which other threads wake this one */
    void (*wake)(void);        /* ic_engine_wake: any thread makes the engine look at what has changed */
    ic_timers timers;
    struct ic_transfer *newest_idle, *oldest_idle; /* owned; transfer.c, with the one after it */
    size_t idle_count;
    ic_kept_sockets kept_sockets;
    CURLSH *unshared_pool;       /* owned: as in ic_setup */
    size_t sharing;              /* transfer.c: attempts under way that may share an HTTP/2 connection */
    bool more_to_start;          /* engine.c: the inbox holds more calls than the one that is being started */
    struct ic_client *clients;   /* clients.c, with the four after it */
    ic_table clients_by_address; /* of their connections */
    size_t clients_limit;        /* the number of clients at which it is time to tidy up */
    ic_timer tidy_timer;
    bool tidy_due;
    struct ic_token_entry *token_entries; /* token_queue.c */
    ic_table token_entries_by_key;
    ic_timer look_timer;               /* token_queue.c */
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
};

#endif
