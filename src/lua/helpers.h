/* Small functions of the core that the Lua files use. */
#ifndef IC_LUA_HELPERS_H
#define IC_LUA_HELPERS_H

#include <lua.h>

/* Sets nearest, sha256, random_hex, same, monotonic, wall_time and boundary in the table at the top of the
 * stack. */
void ic_lua_open_helpers(lua_State *L);

#endif
