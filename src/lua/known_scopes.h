/* The known scopes, for Lua. */
#ifndef IC_LUA_KNOWN_SCOPES_H
#define IC_LUA_KNOWN_SCOPES_H

#include <lua.h>

/* Sets scopes, scope_nearest and scope_exact in the table at the top of the stack. */
void ic_lua_open_known_scopes(lua_State *L);

#endif
