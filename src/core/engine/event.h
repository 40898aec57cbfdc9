/* What happens to a call, for hooks and the log: the engine notes events and progress, and the starter's
 * thread takes them. When there is no memory for an event, it is dropped and counted, and the call continues.
 * Nothing is noted for a connection without hooks and log. */
#ifndef IC_EVENT_H
#define IC_EVENT_H

#include "core/engine/call.h"

typedef enum ic_event_kind {
    IC_EVENT_REQUEST,  /* an attempt begins */
    IC_EVENT_RESPONSE, /* … and has ended, with a status or a failure */
    IC_EVENT_RETRY,    /* it will be sent again */
    IC_EVENT_WAIT /* it waits: for a rate-limit permit, for an in-flight permit, because of a Retry-After */
} ic_event_kind;

struct ic_event {
    ic_event *next;
    ic_event_kind kind;
    const ic_operation *operation; /* static */
    ic_method method;
    char *url; /* owned; secrets are redacted */
    int attempt;
    long status;           /* 0: there was no answer */
    ic_error_kind failure; /* IC_OK: none */
    double seconds;     /* RESPONSE: how long the attempt took; RETRY, WAIT: the pause; negative: unknown */
    const char *reason; /* static; WAIT: "budget", "in_flight" (no permit is free), "retry_after", or "shared"
                         * (the shared Redis cannot be reached) */
    const char *bucket; /* static; WAIT: the rate-limit bucket; NULL: none */
    char *request_id;   /* owned; RESPONSE: x-ironclad-requestid; NULL: unknown */
    char *attempt_id;   /* owned; what is sent as X-Request-Id; NULL: none */
    unsigned lost;      /* events just before this one that were dropped */
};

/* Events that are kept for a call. Beyond that the oldest is dropped. */
#define IC_EVENTS_LIMIT 64

/* Notes an event of the call as it is now; `about` gives kind, status, failure, seconds, reason and bucket.
 * An event of a call of the engine's own is noted with the first call that waits for it. The engine's thread
 * only. */
void ic_event_note(ic_call *call, const ic_event *about);
/* The oldest event, owned by the caller; NULL when there is none. Any thread. */
ic_event *ic_event_take(ic_call *call);
void ic_event_free(ic_event *event); /* NULL is allowed */

/* Notes how many bytes of the body have been moved; `total` negative: unknown. Does nothing without
 * options.progress. At most one note is made every 0.1 s, except for the `last`. The engine's thread only. */
void ic_progress_note(ic_call *call, double done, double total, bool last, double now);
/* Takes the progress that was noted last; false: it has been taken. Any thread. */
bool ic_progress_take(ic_call *call, double *done, double *total);

#endif
