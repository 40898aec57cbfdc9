/* How an attempt ended. */
#ifndef IC_ENDED_H
#define IC_ENDED_H

#include "core/base/error.h"

typedef struct ic_ended {
    ic_error_kind failure; /* IC_OK: there is a whole answer */
    bool handshake;        /* the TLS handshake broke off, and not because a certificate was refused */
    bool found_closed;     /* nothing was sent, because the kept connection was closed; nothing else is set */
    bool sent;             /* the first byte of the request may have been sent */
    bool sink_touched;     /* the sink has received bytes */
    char *link; /* owned by the caller; the file's URL, when the answer is only a link to it; NULL: none */
} ic_ended;

#endif
