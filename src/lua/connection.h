/* Connections in Lua: ironclad.connect makes one from its options. */
#ifndef IC_LUA_CONNECTION_H
#define IC_LUA_CONNECTION_H

#include "core/http/connection.h"
#include <lua.h>

/* The connection of the userdata at `index`; throws when it is something else. */
ic_connection *ic_lua_check_connection(lua_State *L, int index);
/* Sets connect, for_site, options and describe in the table at the top of the stack. */
void ic_lua_open_connection(lua_State *L);

#endif
