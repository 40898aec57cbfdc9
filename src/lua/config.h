/* Reads a file of settings. */
#ifndef IC_LUA_CONFIG_H
#define IC_LUA_CONFIG_H

#include <lua.h>

/* Creates the metatable and sets `read_config` in the table at the top of the stack. */
void ic_lua_open_config(lua_State *L);

#endif
