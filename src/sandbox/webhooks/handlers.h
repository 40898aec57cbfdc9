/* The webhook operations. */
#ifndef IC_SANDBOX_WEBHOOKS_HANDLERS_H
#define IC_SANDBOX_WEBHOOKS_HANDLERS_H

#include "sandbox/http/handler.h"

// clang-format off
/* X(operationId, handler, traits) */
#define IC_WEBHOOKS_ROUTES(X) \
    X("create-a-webhook", ic_webhooks_create, 0) \
    X("list-all-webhooks", ic_webhooks_list, 0) \
    X("retrieve-a-webhook", ic_webhooks_get, 0) \
    X("update-a-webhook", ic_webhooks_update, 0) \
    X("delete-a-webhook", ic_webhooks_delete, 0) \
    X("retrieve-webhook-verification-key", ic_webhooks_key, 0)
// clang-format on

IC_WEBHOOKS_ROUTES(IC_DECLARE_HANDLER)

#endif
