/* Which handler answers which request. */
#ifndef IC_SANDBOX_ROUTES_H
#define IC_SANDBOX_ROUTES_H

#include "sandbox/http/handler.h"

typedef struct ic_route {
    const char *operation; /* operationId; NULL: an HTML page, which is not documented */
    ic_handler *handler;   /* NULL: there is none */
    unsigned traits;       /* IC_ROUTE_… */
} ic_route;

/* One for each operation of the catalog. An entry without operation ends them. */
extern const ic_route ic_routes[];

/* The route of the request's operation or page. It has no handler if there is none. */
const ic_route *ic_route_of(const ic_exchange *x);

#endif
