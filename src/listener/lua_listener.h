/* The binding of the listener of a login: ironclad.httpd.listen_callback. */
#ifndef IC_LISTENER_LUA_LISTENER_H
#define IC_LISTENER_LUA_LISTENER_H

#include <lua.h>

/* Creates the metatable and sets `listen_callback` in the table at the top of the stack. */
void ic_lua_open_callback(lua_State *L);

#endif
