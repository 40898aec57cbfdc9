/* What the engine has counted (core/engine/stats.h), for Lua. */
#ifndef IC_LUA_STATS_H
#define IC_LUA_STATS_H

#include <lua.h>

/* Sets stats in the table at the top of the stack. */
void ic_lua_open_stats(lua_State *L);

#endif
