/* The engine: one background thread per process through which all traffic goes, on one curl_multi. It waits
 * nowhere but in curl_multi_poll. Started by the first call, ended and joined at exit, forgotten by a forked
 * child. DESIGN, wall 4. */
#ifndef IC_ENGINE_H
#define IC_ENGINE_H

#include "core/base/timers.h"
#include "core/engine/call.h"
#include <curl/curl.h>

typedef struct ic_engine {
    CURLM *multi;
    ic_timers timers;
    struct ic_token_entry *token_entries; /* tokens; token_queue.c */
    struct ic_rate_queue *rate_queues;    /* turns and budgets; queues.c */
    struct ic_host_queue *host_queues;
    struct ic_socket *socket; /* of hosts that wait by socket, or NULL; socket.c */
    bool ending;              /* no token is fetched any more */
    ic_call *live; /* all calls that have been started and are not done; the engine owns one count each */
} ic_engine;

/* From any thread: puts commands for the call into the engine's inbox and wakes it; START starts the engine
 * if need be. False when it cannot run (START only; `error` says why). */
bool ic_engine_command(ic_call *call, unsigned commands, ic_error *error);
/* From any thread: the engine, if it runs, looks at what has changed. */
void ic_engine_wake(void);
/* Cancels every call and joins the thread; nothing starts after it. Called at exit. */
void ic_engine_stop(void);

#endif
