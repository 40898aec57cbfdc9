/* Whether a request may do what it asks for. */
#ifndef IC_SANDBOX_AUTH_H
#define IC_SANDBOX_AUTH_H

#include "sandbox/http/exchange.h"

/* Checks the bearer token; answers 401 and false otherwise. */
bool ic_authenticate(ic_exchange *x);
/* Checks scopes and finds the acting user; answers 400 or 403 and false otherwise. */
bool ic_authorize(ic_exchange *x, bool needs_actor);

#endif
