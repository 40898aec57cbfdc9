/* The export operations. */
#ifndef IC_SANDBOX_EXPORTS_HANDLERS_H
#define IC_SANDBOX_EXPORTS_HANDLERS_H

#include "sandbox/http/handler.h"

// clang-format off
/* X(operationId, handler, traits) */
#define IC_EXPORTS_ROUTES(X) \
    X("export", ic_exports_create, 0) \
    X("export-job", ic_exports_get, IC_ROUTE_NO_ACTOR) \
    X("export-job-download", ic_exports_download, IC_ROUTE_NO_ACTOR)
// clang-format on

IC_EXPORTS_ROUTES(IC_DECLARE_HANDLER)

#endif
