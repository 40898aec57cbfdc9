/* How a folder lists the operations that it answers: a macro with one X(operationId, handler, traits) for
 * each. The handlers' declarations and the routes are made from it. */
#ifndef IC_SANDBOX_HANDLER_H
#define IC_SANDBOX_HANDLER_H

#include "sandbox/http/exchange.h"

/* Answers a request, which has been authenticated and checked against the catalog. Only one handler runs at a
 * time. */
typedef void ic_handler(ic_exchange *x);

/* Bits of the traits. */
enum {
    IC_ROUTE_OPEN = 1,     /* needs no token, and reads the body itself */
    IC_ROUTE_NO_ACTOR = 2, /* needs no acting user: Ironclad's documents declare none */
};

#define IC_DECLARE_HANDLER(operation, handler, traits) ic_handler handler;

#endif
