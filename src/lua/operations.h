/* The catalog as Lua tables. */
#ifndef IC_LUA_OPERATIONS_H
#define IC_LUA_OPERATIONS_H

#include "core/catalog/catalog.h"
#include <lua.h>

// clang-format off
/* Pushes a new array of all operations in the catalog's order, each a table of its own:
 *   id, method, path       strings; path with {placeholders}
 *   resource, name         strings; nil for an operation that call() alone reaches
 *   path_parameters        array of the placeholders' names, in order
 *   query, fields          arrays of { name, type, required = true|nil, list = true|nil, default = string|nil,
 *                          fill = true|nil, choices = array|nil }; `default` is the service's, or with `fill` what
 *                          is sent (JSON text for a field of a body); type is "string", "integer", "number",
 *                          "boolean", "object", "array", "file", "comment" or "any"
 *   body                   "none", "json", "launch", "form"
 *   answer                 "json", "nothing", "bytes", "text"
 *   paging                 "none", "count", "no_count", "scim"
 *   scopes, scopes_any     array; all of them, or with scopes_any = true either
 *   repeatable             boolean
 *   bucket                 "workflows:read", ...
 * Raises Lua's memory error only. */
// clang-format on
void ic_lua_push_catalog(lua_State *L);

#endif
