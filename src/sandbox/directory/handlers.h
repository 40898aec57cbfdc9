/* The SCIM operations. */
#ifndef IC_SANDBOX_DIRECTORY_HANDLERS_H
#define IC_SANDBOX_DIRECTORY_HANDLERS_H

#include "sandbox/http/handler.h"

// clang-format off
/* X(operationId, handler, traits) */
#define IC_DIRECTORY_ROUTES(X) \
    X("retrieve-all-users", ic_users_list, 0) \
    X("create-a-user", ic_users_create, 0) \
    X("retrieve-a-user", ic_users_get, 0) \
    X("update-user-data", ic_users_update, 0) \
    X("replace-a-user", ic_users_replace, 0) \
    X("delete-a-user", ic_users_delete, 0) \
    X("retrieve-all-groups", ic_groups_list, 0) \
    X("create-a-group", ic_groups_create, 0) \
    X("retrieve-a-group", ic_groups_get, 0) \
    X("update-group-membership", ic_groups_update, 0) \
    X("replace-a-group", ic_groups_replace, 0) \
    X("delete-a-group", ic_groups_delete, 0) \
    X("list-all-schemas", ic_scim_schemas_list, 0) \
    X("retrieve-a-schema", ic_scim_schemas_get, 0)
// clang-format on

IC_DIRECTORY_ROUTES(IC_DECLARE_HANDLER)

#endif
