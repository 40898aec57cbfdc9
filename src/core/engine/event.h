/* Something that happened to a call, for hooks and the log. */
#ifndef IC_EVENT_H
#define IC_EVENT_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"

typedef enum ic_event_kind {
    IC_EVENT_REQUEST,  /* an attempt begins */
    IC_EVENT_RESPONSE, /* … and has ended, with a status or a failure */
    IC_EVENT_RETRY,    /* it will be sent again */
    IC_EVENT_WAIT /* it waits: for a rate-limit permit, for an in-flight permit, because of a Retry-After */
} ic_event_kind;

typedef struct ic_event {
    struct ic_event *next;
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
} ic_event;

void ic_event_free(ic_event *event); /* NULL is allowed */

#endif
