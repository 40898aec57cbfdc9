/* Whether a redirect is followed, and where to: a read on the same host, and a download to https elsewhere.
 * Anything else is refused. Never left to libcurl, so that no other host is sent the bearer and the actor.
 * Pure. */
#ifndef IC_REDIRECT_H
#define IC_REDIRECT_H

#include "core/base/error.h"
#include <stdbool.h>

/* What is redirected. All texts are borrowed. */
typedef struct ic_redirect {
    const char *from;   /* the URL that answered */
    const char *origin; /* of the connection */
    bool foreign;    /* `from` is no request to the connection's host: a redirect never leads back to that */
    bool download;   /* may go to another host */
    bool allow_http; /* the connection's option */
    int followed;    /* redirects before this one */
    long status;     /* of the answer, for messages */
} ic_redirect;

/* Where to: owned by the caller. */
typedef struct ic_redirect_target {
    bool foreign; /* `text` is a whole URL, on a host that is told neither bearer nor actor; otherwise path
                     and query */
    char *text;
} ic_redirect_target;

/* `location` is the answer's Location header, or a link in its body; NULL: there is none. False with PROTOCOL
 * (the redirect is refused) or MEMORY. */
bool ic_redirect_follow(const ic_redirect *redirect, const char *location, ic_redirect_target *target,
                        ic_error *error);
/* The refusal itself: "the answer was a redirect (302) WHY". Returns false. */
bool ic_redirect_refuse(long status, const char *why, ic_error *error);

#endif
