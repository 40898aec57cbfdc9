/* Calls in Lua: started, waited for through the state's mailbox, and read. */
#ifndef IC_LUA_CALLS_H
#define IC_LUA_CALLS_H

#include <lua.h>

/* Sets start, descriptor, wait and take in the table at the top of the stack. */
void ic_lua_open_calls(lua_State *L);

#endif
