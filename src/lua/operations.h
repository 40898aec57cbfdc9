/* The catalog as Lua tables. */
#ifndef IC_LUA_OPERATIONS_H
#define IC_LUA_OPERATIONS_H

#include "core/catalog/catalog.h"
#include <lua.h>

// clang-format off
/* operations() returns a new array of all operations in the catalog's order, each a new table:
 *   id, method, path       strings; path with {placeholders}
 *   product                "clm", "clickwrap"
 *   service                "public", "scim", "oauth", "clickwrap_rest", "clickwrap_service", "clickwrap_activity"
 *   source                 what confirms it: "document", "guide", "sdk", "peer", "navigation"
 *   unconfirmed            true for what only the navigation of the reference names: its path is a guess; else nil
 *   resource, name         strings; nil for an operation that call() alone reaches
 *   path_parameters        array of the placeholders' names, in order
 *   query, fields          arrays of { name, type, required = true|nil, list = true|nil, default = string|nil,
 *                          fill = true|nil, choices = array|nil, refers = string|nil, properties = true|nil,
 *                          own = true|nil, site = true|nil }; `default` is the service's, or with `fill` what is sent (JSON text for
 *                          a field of a body); type is "string", "integer", "number", "boolean", "object",
 *                          "array", "file", "comment" or "any"; refers is "record_link", "record_id" or
 *                          "schema_id"; `properties`: properties of a record, entity or obligation by name; `own`:
 *                          for this module, not sent; `site`: the connection's site access id unless given
 *   body                   "none", "json", "launch", "form", "urlencoded"
 *   answer                 "json", "nothing", "bytes", "text"
 *   content                nil, or what is in a JSON answer: { kind = of the resource, or nil for what has no methods,
 *                          field = of the answer, or nil for the answer itself, items = true for an array of them }
 *   paging                 "none", "count", "no_count", "scim", "clickwrap"
 *   scopes, scopes_any     array; all of them, or with scopes_any = true one of them
 *   repeatable             boolean
 *   reads                  true for one that changes nothing, else nil
 *   bucket                 "workflows:read", ...
 * operation(number) returns one of them, operation_names(number) its id, resource, name, path and product, and
 * operation_number(id or "resource:name") its number. resources(product) returns a new table with the names of the
 * product's resources.
 * jobs() returns a new array of the jobs, each a table of the members of ic_job_entry by their names: strings,
 * and arrays of strings for ids, running, done and failed. */
// clang-format on
/* Adds the functions to the table at the top of the stack. */
void ic_lua_open_operations(lua_State *L);

#endif
