/* Requests that are refused before anything else: those that are too long, or sent by another site's web
 * page. */
#ifndef IC_SANDBOX_GUARD_H
#define IC_SANDBOX_GUARD_H

#include "sandbox/http/exchange.h"

/* Call it when the header block is read. false: a refusal is set as the reply. `host`: the host that the
 * sandbox listens on; `is_control`: the request is for the sandbox's controls. */
bool ic_guard_admits(ic_exchange *x, const char *host, bool is_control);

#endif
