/* Whether and when a call is sent again: pure decisions, no clock and no random numbers of their own. DESIGN,
 * "Policy".
 */
#ifndef IC_POLICY_H
#define IC_POLICY_H

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include <stdbool.h>

/* How one attempt ended. */
typedef struct ic_attempt {
    bool repeatable; /* the operation may be repeated after it may have reached the service */
    ic_method method;
    ic_error_kind
        failure;       /* transport failure (NETWORK, TIMEOUT, TLS, PROTOCOL, …); IC_OK: `status` answers */
    bool sent;         /* the first byte of the request may have gone out */
    bool sink_touched; /* a byte of the answer has reached a sink or file */
    long status;
    double retry_after;   /* seconds; negative: not said */
    int repeats;          /* repeats made before this attempt */
    int max_repeats;      /* max_retries */
    bool renewable;       /* the token can be renewed */
    bool renewed;         /* … and was, once, for this call */
    bool earlier_unknown; /* an earlier attempt of this call ended without an answer after it was sent */
    double now, deadline; /* seconds on one clock; deadline 0: none */
    double random;        /* uniform in [0, 1) */
} ic_attempt;

typedef enum ic_verdict {
    IC_VERDICT_DONE,    /* a 2xx, or a DELETE whose repeat finds nothing after an unknown first attempt */
    IC_VERDICT_FAIL,    /* give the error to the caller */
    IC_VERDICT_RENEW,   /* get a new token, then again */
    IC_VERDICT_REPEAT,  /* again after `pause` seconds */
    IC_VERDICT_TOO_LATE /* it would be repeated, but the pause passes the deadline: fail with retry_after */
} ic_verdict;

typedef struct ic_decision {
    ic_verdict verdict;
    double pause;       /* seconds: of REPEAT, and of TOO_LATE */
    ic_outcome outcome; /* of FAIL and TOO_LATE */
    bool retryable;     /* of FAIL and TOO_LATE: the same call may well succeed later */
} ic_decision;

ic_decision ic_policy_decide(const ic_attempt *attempt);

#endif
