/* The shared Redis for scripts: commands and their replies. */
#ifndef IC_LUA_SHARED_H
#define IC_LUA_SHARED_H

#include "core/shared/reply.h"
#include <lua.h>

/* Adds shared_driver and ask_shared to the table at the top of the stack. */
void ic_lua_open_shared(lua_State *L);
/* Pushes a reply: a string, an integer, a list or nil. In a list, false stands for nil. */
void ic_lua_push_reply(lua_State *L, const ic_reply *reply);

#endif
