/* Decides whether a redirect is followed, and where to: a read on the same host, and a download to https on
 * any host. Anything else is refused. libcurl never follows redirects itself, so that no other host gets the
 * bearer and the actor. Pure functions. */
#ifndef IC_REDIRECT_H
#define IC_REDIRECT_H

#include "core/base/error.h"
#include <stdbool.h>

/* The request that was redirected. All texts are borrowed. */
typedef struct ic_redirect {
    const char *from;   /* the URL that answered */
    const char *origin; /* of the connection */
    bool
        foreign; /* `from` is another host; its redirects never lead back to the connection's with a bearer */
    bool download;   /* may go to another host */
    bool allow_http; /* the connection's option */
    int followed;    /* redirects before this one */
    long status;     /* of the answer, for messages */
} ic_redirect;

typedef struct ic_redirect_target {
    bool
        foreign; /* true: `text` is a whole URL, which gets neither bearer nor actor; false: path and query */
    char *text;  /* owned by the caller */
} ic_redirect_target;

/* Whether an answer with that 3xx status says where the answer is now (RFC 9110, 15.4). 304 does not, and 305
 * names a proxy. */
bool ic_redirect_moves(long status);
/* `location` is the answer's Location header, or a link in its body; NULL: there is none. Fills `target`.
 * False with PROTOCOL (the redirect is refused) or MEMORY. */
bool ic_redirect_follow(const ic_redirect *redirect, const char *location, ic_redirect_target *target,
                        ic_error *error);
/* Sets PROTOCOL, "the answer was a redirect (302) WHY". Always returns false. */
bool ic_redirect_refuse(long status, const char *why, ic_error *error);

#endif
