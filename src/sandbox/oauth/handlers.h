/* The token, consent and company operations. */
#ifndef IC_SANDBOX_OAUTH_HANDLERS_H
#define IC_SANDBOX_OAUTH_HANDLERS_H

#include "sandbox/http/handler.h"

// clang-format off
/* X(operationId, handler, traits) */
#define IC_OAUTH_ROUTES(X) \
    X("oauth-token", ic_oauth_token, IC_ROUTE_OPEN) \
    X("oauth-authorize", ic_authorize_ask, IC_ROUTE_OPEN) \
    X("oauth-userinfo", ic_oauth_userinfo, 0) \
    X("oauth-company-info", ic_oauth_company_info, 0)
// clang-format on

IC_OAUTH_ROUTES(IC_DECLARE_HANDLER)

/* The form of the page that asks for consent. */
ic_handler ic_authorize_decide;

#endif
