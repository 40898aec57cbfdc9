/* Which handler answers which request. */
#ifndef IC_SANDBOX_ROUTES_H
#define IC_SANDBOX_ROUTES_H

#include "sandbox/http/handler.h"

typedef struct ic_route {
    const char *operation; /* operationId; NULL: a page, which no document describes */
    ic_handler *handler;   /* NULL: there is none */
    unsigned traits;       /* IC_ROUTE_… */
} ic_route;

/* One for each operation of the catalog; an entry without operation ends them. */
extern const ic_route ic_routes[];

/* The route of the request's operation or page; one without handler when there is none. */
const ic_route *ic_route_of(const ic_exchange *x);

#endif
