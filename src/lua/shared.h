/* Scripts ask the shared Redis: commands, Redis scripts, and what is kept up there. */
#ifndef IC_LUA_SHARED_H
#define IC_LUA_SHARED_H

#include <lua.h>

/* Adds shared_driver and ask_shared to the table at the top of the stack. */
void ic_lua_open_shared(lua_State *L);

#endif
