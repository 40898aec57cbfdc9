/* What went wrong, as one value: filled in by whoever finds the fault, completed by the call that it ended.
 */
#ifndef IC_ERROR_H
#define IC_ERROR_H

#include <stdbool.h>

/* X(constant, name that a script sees in error.kind) */
#define IC_ERROR_KINDS(X)                                                                                    \
    X(AUTH, "auth")                                                                                          \
    X(PERMISSION, "permission")                                                                              \
    X(NOT_FOUND, "not_found")                                                                                \
    X(INVALID_REQUEST, "invalid_request")                                                                    \
    X(INVALID_STATE, "invalid_state")                                                                        \
    X(CONFLICT, "conflict")                                                                                  \
    X(RATE_LIMITED, "rate_limited")                                                                          \
    X(SERVER, "server")                                                                                      \
    X(NETWORK, "network")                                                                                    \
    X(TIMEOUT, "timeout")                                                                                    \
    X(TLS, "tls")                                                                                            \
    X(PROTOCOL, "protocol")                                                                                  \
    X(CANCELLED, "cancelled")                                                                                \
    X(TOO_LARGE, "too_large")                                                                                \
    X(IO, "io")                                                                                              \
    X(STORE, "store")                                                                                        \
    X(JOB_FAILED, "job_failed")                                                                              \
    X(SIGNATURE, "signature")                                                                                \
    X(MEMORY, "memory")                                                                                      \
    /* Never seen as a kind: a mistake of the caller's, which the binding throws. */                         \
    X(ARGUMENT, "argument")

typedef enum ic_error_kind {
    IC_OK = 0,
#define X(constant, name) IC_ERR_##constant,
    IC_ERROR_KINDS(X)
#undef X
} ic_error_kind;

/* Whether the operation may have happened at the service all the same. */
typedef enum ic_outcome { IC_OUTCOME_NOT_DONE, IC_OUTCOME_UNKNOWN } ic_outcome;

typedef struct ic_error {
    ic_error_kind kind; /* IC_OK: no error */
    ic_outcome outcome;
    long status;                     /* HTTP status; 0 when there was no answer */
    double retry_after;              /* seconds; negative when unknown */
    int attempts;                    /* requests sent for the call; 0 before the call completes it */
    bool retryable;                  /* the same call may well succeed later */
    const char *operation;           /* static: from the catalog; NULL when not about an operation */
    char *message;                   /* owned; NULL after an allocation failed: use ic_error_message */
    char *code, *param, *request_id; /* owned, each NULL when unknown */
} ic_error;

const char *ic_error_kind_name(ic_error_kind kind);
/* Sets kind and message (printf style); what was there before is freed. Cannot fail: without memory for the
 * message, ic_error_message still answers a static text. `error` may be NULL (nobody wants to know). */
void ic_error_set(ic_error *error, ic_error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Shorthand for an allocation that failed. */
void ic_error_memory(ic_error *error);
const char *ic_error_message(const ic_error *error);
/* `to` must be empty. */
void ic_error_copy(ic_error *to, const ic_error *from);
void ic_error_clear(ic_error *error); /* frees and zeroes; retry_after becomes -1 */

#endif
