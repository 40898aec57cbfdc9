/* What Lua gives a call, as C values. The functions raise an error for a value that does not fit, and leave
 * on the stack what owns the values. */
#ifndef IC_LUA_CALL_ARGUMENTS_H
#define IC_LUA_CALL_ARGUMENTS_H

#include "core/engine/call.h"
#include "core/http/arguments.h"
#include <lua.h>

/* Reads path, query, headers, files, the body and the extra members from the table at `from`. `operation`
 * NULL: of no operation of the catalog. The arguments are valid while the stack is as it is then. */
void ic_lua_read_arguments(lua_State *L, int from, const ic_operation *operation, ic_arguments *arguments);
/* Reads the path if the table at `from` has nothing else, as for most reads: the other functions look for
 * each name that there can be. False: it has, and nothing was read. */
bool ic_lua_read_path_only(lua_State *L, int from, ic_arguments *arguments);
/* Reads timeout, deadline, max_retries, as_user, to and on_progress from the table at `from`. Texts are
 * copied: the options own them. */
void ic_lua_read_call_options(lua_State *L, int from, ic_call_options *options);

#endif
