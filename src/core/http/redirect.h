/* Redirects are followed here, never by libcurl: a read on the same host, and a download to https elsewhere,
 * which is told neither bearer nor actor. Anything else is refused. DESIGN, Policy. */
#ifndef IC_REDIRECT_H
#define IC_REDIRECT_H

#include "core/engine/call.h"

typedef enum ic_redirect { IC_REDIRECT_FOLLOW, IC_REDIRECT_REFUSE } ic_redirect;

/* Reads the answer's Location. FOLLOW: the call's target (or `elsewhere`) has changed; REFUSE: PROTOCOL in
 * `error`. */
ic_redirect ic_redirect_follow(ic_call *call, ic_error *error);
/* The same for a link in the body of an answer. */
ic_redirect ic_redirect_to(ic_call *call, const char *location, ic_error *error);

#endif
