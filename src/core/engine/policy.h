/* Whether and when a call is sent again. Pure: the time and the random number are given. */
#ifndef IC_POLICY_H
#define IC_POLICY_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include <stdbool.h>

/* How one attempt ended. */
typedef struct ic_attempt {
    bool repeatable; /* the operation may be sent again even if it may have reached the service */
    bool reads;      /* it changes nothing */
    ic_method method;
    ic_error_kind failure; /* why there is no answer (NETWORK, TIMEOUT, …); IC_OK: there is one */
    bool sent;             /* the first byte of the request may have been sent */
    bool sink_touched;     /* a byte of the answer has reached a sink or file */
    long status;
    double retry_after;   /* seconds; negative: unknown */
    int retries;          /* made before this attempt */
    int max_retries;      /* option max_retries */
    bool renewable;       /* another token can be fetched */
    bool renewed;         /* … and was, for this call */
    bool earlier_unknown; /* an earlier attempt of this call ended with an unknown outcome */
    double now, deadline; /* seconds on one clock; deadline 0: none */
    double random;        /* uniform in [0, 1) */
} ic_attempt;

typedef enum ic_verdict {
    IC_VERDICT_DONE,    /* a 2xx; or a DELETE that finds nothing when sent again after an unknown outcome */
    IC_VERDICT_FAIL,    /* the attempt's error is the call's */
    IC_VERDICT_RENEW,   /* send it again with a new token */
    IC_VERDICT_REPEAT,  /* send it again after `pause` seconds */
    IC_VERDICT_TOO_LATE /* it would be sent again, but the pause passes the deadline: fail with retry_after */
} ic_verdict;

typedef struct ic_decision {
    ic_verdict verdict;
    double pause;       /* seconds: of REPEAT, and of TOO_LATE */
    ic_outcome outcome; /* of FAIL and TOO_LATE */
    bool retryable;     /* of FAIL and TOO_LATE: the same call may succeed later */
} ic_decision;

/* Decides on what follows an attempt that has ended (policy.c says what the caller has to do). */
ic_decision ic_policy_decide(const ic_attempt *attempt);

#endif
