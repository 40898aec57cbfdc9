/* How a folder says which operations it answers: a macro with a line X(operationId, handler, traits) for
 * each, from which the handlers' declarations and the routes are made. */
#ifndef IC_SANDBOX_HANDLER_H
#define IC_SANDBOX_HANDLER_H

#include "sandbox/http/exchange.h"

/* Gives one answer. Only one handler runs at a time; the request has been authenticated and checked against
 * the catalog. */
typedef void ic_handler(ic_exchange *x);

/* Bits of the traits. */
enum {
    IC_ROUTE_OPEN = 1,     /* needs no token, and reads its body itself */
    IC_ROUTE_NO_ACTOR = 2, /* needs no acting user: the documents declare none */
};

#define IC_DECLARE_HANDLER(operation, handler, traits) ic_handler handler;

#endif
