/* Calls in Lua: started, waited for through the state's mailbox, and read. */
#ifndef IC_LUA_CALLS_H
#define IC_LUA_CALLS_H

#include "core/engine/call.h"
#include <lua.h>

/* Sets start, internal, descriptor, wait and take in the table at the top of the stack. */
void ic_lua_open_calls(lua_State *L);
/* Pushes the handle of a new call, which owns it. The call is for the caller to fill and to start. */
ic_call *ic_lua_push_call(lua_State *L, ic_connection *connection);

#endif
