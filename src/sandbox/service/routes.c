#include "sandbox/service/routes.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/directory/handlers.h"
#include "sandbox/exports/handlers.h"
#include "sandbox/oauth/consent.h"
#include "sandbox/oauth/handlers.h"
#include "sandbox/records/handlers.h"
#include "sandbox/webhooks/handlers.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/sign_links.h"
#include <string.h>

// clang-format off
const ic_route ic_routes[] = {
#define X(operation, handler, traits) {operation, handler, traits},
    IC_OAUTH_ROUTES(X)
    IC_WEBHOOKS_ROUTES(X)
    IC_RECORDS_ROUTES(X)
    IC_WORKFLOWS_ROUTES(X)
    IC_DIRECTORY_ROUTES(X)
    IC_EXPORTS_ROUTES(X)
    IC_CLICKWRAP_ROUTES(X)
#undef X
    {NULL, NULL, 0},
};
// clang-format on

/* HTML pages and their forms, which are not documented. */
static const struct page {
    const char *verb, *path;
    ic_route route;
} route_pages[] = {
    {"POST", IC_AUTHORIZE_PATH, {NULL, ic_authorize_decide, IC_ROUTE_OPEN}},
    {"GET", IC_SIGN_PATH, {NULL, ic_sign_page_show, IC_ROUTE_OPEN}},
    {"POST", IC_SIGN_PATH, {NULL, ic_sign_page_decide, IC_ROUTE_OPEN}},
};

const ic_route *ic_route_of(const ic_exchange *x) {
    static const ic_route none = {0};
    for (const ic_route *route = ic_routes; x->operation && route->operation; route++)
        if (strcmp(route->operation, x->operation->id) == 0) return route;
    for (size_t i = 0; i < sizeof route_pages / sizeof route_pages[0]; i++)
        if (strcmp(route_pages[i].verb, x->verb) == 0 && strcmp(route_pages[i].path, x->path) == 0)
            return &route_pages[i].route;
    return &none;
}
