/* One attempt of a call, on one libcurl easy handle. The engine's thread only. */
#ifndef IC_TRANSFER_H
#define IC_TRANSFER_H

#include "core/engine/engine.h"

/* How it ended. */
typedef struct ic_ended {
    ic_error_kind failure; /* IC_OK: there is a whole answer */
    bool handshake;        /* the failure was a broken TLS handshake, not a refused certificate */
    bool sent;             /* the first byte of the request may have gone out */
    bool sink_touched;
    char *link; /* where the file is, says the answer; owned by the caller; NULL: it is the file */
} ic_ended;

/* Begins an attempt with that bearer (NULL: none). False with IO or MEMORY in the call's error. */
bool ic_transfer_begin(ic_engine *engine, ic_call *call, const char *bearer, double now);
/* Ends it: fills the call's response and, on failure, its error; a file that was being written is completed
 * or removed. The body stays readable until ic_transfer_free. */
ic_ended ic_transfer_end(ic_engine *engine, ic_call *call, CURLcode code);
ic_buf *ic_transfer_body(ic_call *call);
void ic_transfer_free(ic_call *call);
/* Whether the first byte of the request may have gone out. */
bool ic_transfer_sent(const ic_call *call);
/* The sink has taken what it was given. False: what waited inside libcurl could not be taken, and the attempt
 * is to end. */
bool ic_transfer_resume(ic_call *call);
ic_call *ic_transfer_call(CURL *easy);

#endif
