/* Errors: what went wrong, as one value. The code that finds the fault sets kind and message; the call adds
 * the rest. */
#ifndef IC_ERROR_H
#define IC_ERROR_H

#include <stdbool.h>

typedef enum ic_error_kind {
    IC_OK = 0,
#define KIND(constant, name, meaning, advice) IC_ERR_##constant,
#include "core/base/error_kinds.def"
#undef KIND
    IC_ERROR_KIND_COUNT
} ic_error_kind;

/* Whether the operation may have happened at Ironclad although the call failed. */
typedef enum ic_outcome { IC_OUTCOME_NOT_DONE, IC_OUTCOME_UNKNOWN } ic_outcome;

typedef struct ic_error {
    ic_error_kind kind; /* IC_OK: no error */
    ic_outcome outcome;
    long status;                     /* HTTP status; 0 when there was no answer */
    double retry_after;              /* seconds; negative when unknown */
    int attempts;                    /* requests sent for the call; 0 until the call fills it in */
    bool retryable;                  /* the same call may succeed later */
    const char *operation;           /* static: from the catalog; NULL when not about an operation */
    char *message;                   /* owned; NULL after an allocation failed: use ic_error_message */
    char *code, *param, *request_id; /* owned, each NULL when unknown */
    char *attempt_id;                /* owned; of the last attempt (attempt_id.h); NULL: there was none */
} ic_error;

/* A message is one line: control characters and others that could change a terminal are escaped
 * (ic_text_escape), because a server, a file name or an argument may hold them. */

/* error.kind in Lua: "not_found". Static. */
const char *ic_error_kind_name(ic_error_kind kind);
/* What an error of that kind means, and what to do about it: for the documentation. Each is one sentence,
 * without a full stop. NULL for IC_OK and IC_ERR_ARGUMENT. */
const char *ic_error_kind_meaning(ic_error_kind kind);
const char *ic_error_kind_advice(ic_error_kind kind);
/* Sets kind and message (printf style), and frees the old content. Cannot fail: when there is no memory for
 * the message, ic_error_message returns a static text. `error` may be NULL: then nothing happens. */
void ic_error_set(ic_error *error, ic_error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Replaces only the message. NULL (out of memory) leaves the old one. */
void ic_error_restate(ic_error *error, const char *message);
/* Copies text into one of code, param, request_id and attempt_id, escaped and at most 256 bytes long, unless
 * that is set already. NULL and "" set nothing. */
void ic_error_take(char **field, const char *text);
/* Sets MEMORY, for an allocation that failed. */
void ic_error_memory(ic_error *error);
/* The message, owned by the error or static. */
const char *ic_error_message(const ic_error *error);
/* `to` must be empty. */
void ic_error_copy(ic_error *to, const ic_error *from);
void ic_error_clear(ic_error *error); /* frees and zeroes; retry_after becomes -1 */

#endif
