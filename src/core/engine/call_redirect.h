/* Where a call is sent after a redirect. The engine's thread only. */
#ifndef IC_CALL_REDIRECT_H
#define IC_CALL_REDIRECT_H

#include "core/engine/call.h"

/* Changes the call's target to `link`, a link in the answer's body, or (NULL) to the answer's Location.
 * False: the call has an error. */
bool ic_call_redirect(ic_call *call, const char *link);

#endif
