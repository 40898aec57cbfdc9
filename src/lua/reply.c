#include "lua/reply.h"
#include "lua/compat.h"
#include <lauxlib.h>

/* A list of a reply may be nested as deep as the driver copies it. */
#define STACK_FOR_REPLY 40

static void reply_push_item(lua_State *L, const ic_reply *reply, bool outermost) {
    switch (reply->kind) {
    case IC_REPLY_TEXT:
    case IC_REPLY_ERROR: lua_pushlstring(L, reply->text, reply->length); return;
    case IC_REPLY_INTEGER: ic_lua_push_count(L, (double)reply->integer); return;
    case IC_REPLY_LIST:
        lua_createtable(L, (int)reply->count, 0);
        for (size_t i = 0; i < reply->count; i++) {
            reply_push_item(L, &reply->items[i], false);
            lua_rawseti(L, -2, (int)i + 1);
        }
        return;
    case IC_REPLY_NIL: break;
    }
    if (outermost)
        lua_pushnil(L);
    else
        lua_pushboolean(L, 0);
}

void ic_lua_push_reply(lua_State *L, const ic_reply *reply) {
    luaL_checkstack(L, STACK_FOR_REPLY, NULL);
    reply_push_item(L, reply, true);
}
