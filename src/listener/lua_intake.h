/* The binding of ic_intake, for receiver:serve. */
#ifndef IC_LISTENER_LUA_INTAKE_H
#define IC_LISTENER_LUA_INTAKE_H

#include <lua.h>

/* Adds `intake` to the table at the top of the stack. */
void ic_lua_open_intake(lua_State *L);

#endif
