/* The replies of a shared Redis, as Lua values. */
#ifndef IC_LUA_REPLY_H
#define IC_LUA_REPLY_H

#include "core/shared/reply.h"
#include <lua.h>

/* Pushes a reply: a string, an integer, a list or nil. In a list, false stands for nil. */
void ic_lua_push_reply(lua_State *L, const ic_reply *reply);

#endif
