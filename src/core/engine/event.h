/* What happens to a call on its way, for whoever watches it (hooks, a log): noted by the engine, told by Lua
 * afterwards. Noting fails no call, and costs nothing where nobody watches. */
#ifndef IC_EVENT_H
#define IC_EVENT_H

#include "core/engine/call.h"

typedef enum ic_event_kind {
    IC_EVENT_REQUEST,  /* an attempt begins */
    IC_EVENT_RESPONSE, /* … and has ended, with a status or a failure */
    IC_EVENT_RETRY,    /* it will be sent again */
    IC_EVENT_WAIT      /* it is held up: by a budget, for a turn, because the service said so */
} ic_event_kind;

struct ic_event {
    ic_event *next;
    ic_event_kind kind;
    const ic_operation *operation; /* static */
    ic_method method;
    char *url; /* owned; holds no secret */
    int attempt;
    long status;           /* 0: there was no answer */
    ic_error_kind failure; /* IC_OK: none */
    double seconds;        /* RESPONSE: that the attempt took; RETRY, WAIT: to wait; negative: unknown */
    const char *reason;    /* static; RETRY and WAIT: why */
    const char *bucket;    /* static; WAIT: whose budget; NULL: none */
    char *request_id;      /* owned; RESPONSE: Ironclad's name for it; NULL: unknown */
    unsigned lost;         /* events just before this one for which there was no room */
};

/* Events that are kept for a call whose owner does not ask. */
#define IC_EVENTS_LIMIT 64

/* Notes what `about` says (kind, status, failure, seconds, reason, bucket) of the call as it is now. A call
 * of the engine's own is noted with the first call that waits for it. */
void ic_event_note(ic_call *call, const ic_event *about);
/* The oldest event, to be freed by the caller; NULL when there is none. Any thread. */
ic_event *ic_event_take(ic_call *call);
void ic_event_free(ic_event *event); /* NULL is allowed */

/* Notes how far the body has come: bytes, `total` negative when unknown. Told at most ten times a second, and
 * `last` always. For calls with options.progress. */
void ic_progress_note(ic_call *call, double done, double total, bool last, double now);
/* What was noted since the last time; false: nothing. Any thread. */
bool ic_progress_take(ic_call *call, double *done, double *total);

#endif
