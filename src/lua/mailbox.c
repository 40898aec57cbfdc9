#include "lua/mailbox.h"
#include "core/base/process.h"
#include "core/engine/engine.h"
#include "core/engine/socket_path.h"
#include "core/engine/starter.h"
#include "lua/metatable.h"
#include <stdio.h>
#include <string.h>

#define TYPE         "ironclad.mailbox"
#define MESSAGE_SIZE 1024

typedef struct box {
    ic_mailbox *mailbox;
    bool closed; /* the state is closing: no new mailbox is made */
} box;

/* Its address is the registry key of the state's box. */
static const char mailbox_key;

/* The same for the table that kept() returns. */
static const char mailbox_kept_key;

static int mailbox_gc(lua_State *L) {
    box *mine = luaL_checkudata(L, 1, TYPE);
    mine->closed = true;
    if (mine->mailbox) {
        ic_mailbox_close(mine->mailbox);
        ic_mailbox_release(mine->mailbox);
        mine->mailbox = NULL;
    }
    return 0;
}

/* kept() -> a table of the state, for what the module's Lua files must find again when they are loaded again:
 * tasks that wait, token stores, handles. */
static int mailbox_kept(lua_State *L) {
    lua_pushlightuserdata(L, (void *)&mailbox_kept_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        lua_newtable(L);
        lua_pushlightuserdata(L, (void *)&mailbox_kept_key);
        lua_pushvalue(L, -2);
        lua_rawset(L, LUA_REGISTRYINDEX);
    }
    return 1;
}

static box *mailbox_box(lua_State *L) {
    lua_pushlightuserdata(L, (void *)&mailbox_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    box *mine = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (mine->closed) luaL_error(L, "this Lua state is closing");
    if (mine->mailbox && !ic_mailbox_is_ours(mine->mailbox)) {
        ic_mailbox_release(mine->mailbox);
        mine->mailbox = NULL;
    }
    return mine;
}

/* Opens the mailbox unless it is open. NULL with IO or MEMORY. */
static ic_mailbox *mailbox_open(lua_State *L, ic_error *error) {
    box *mine = mailbox_box(L);
    if (mine->mailbox) return mine->mailbox;
    if (ic_process_prepare())
        mine->mailbox = ic_call_mailbox_new(error);
    else
        ic_error_set(error, IC_ERR_IO, "libcurl cannot be initialised");
    return mine->mailbox;
}

/* Copies the error's message to memory that a Lua error leaves behind, and clears it. */
static void mailbox_take_message(ic_error *error, char text[MESSAGE_SIZE]) {
    snprintf(text, MESSAGE_SIZE, "%s", ic_error_message(error));
    ic_error_clear(error);
}

ic_mailbox *ic_lua_mailbox(lua_State *L) {
    char text[MESSAGE_SIZE];
    ic_error error = {0};
    ic_mailbox *mailbox = mailbox_open(L, &error);
    if (mailbox) return mailbox;
    mailbox_take_message(&error, text);
    luaL_error(L, "%s", text);
    return NULL;
}

ic_mailbox *ic_lua_mailbox_in_use(lua_State *L) {
    return mailbox_box(L)->mailbox;
}

/* objection() -> nothing; or why no call can be started, and the kind of error: the mailbox cannot be opened.
 */
static int mailbox_objection(lua_State *L) {
    char text[MESSAGE_SIZE];
    ic_error error = {0};
    if (mailbox_open(L, &error)) return 0;
    const char *kind = ic_error_kind_name(error.kind);
    mailbox_take_message(&error, text);
    lua_pushstring(L, text);
    lua_pushstring(L, kind);
    return 2;
}

/* unsaved() -> whether a token of a refresh must still be saved by the state's token stores. */
static int mailbox_unsaved(lua_State *L) {
    ic_mailbox *mailbox = ic_lua_mailbox_in_use(L);
    lua_pushboolean(L, mailbox && ic_mailbox_has_unsaved(mailbox));
    return 1;
}

/* guard(f): calls f when the state closes, before the mailbox is closed: Lua finalises in reverse order.
 */
static int mailbox_guard(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_newuserdata(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

/* generation() -> a number that changes in a forked child. */
static int mailbox_generation(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)ic_process_generation());
    return 1;
}

/* listen(folder or nil, temporary) -> the path of the engine's unix socket (socket.h, socket_path.h); nil and
 * a message when there can be none. */
static int mailbox_listen(lua_State *L) {
    char path[IC_SOCKET_PATH_SIZE], text[MESSAGE_SIZE];
    ic_error error = {0};
    const char *folder = luaL_optstring(L, 1, NULL), *temporary = luaL_checkstring(L, 2);
    if (!ic_process_prepare()) return luaL_error(L, "libcurl cannot be initialised");
    if (ic_socket_open(folder, temporary, path, &error)) {
        ic_engine_wake();
        lua_pushstring(L, path);
        return 1;
    }
    mailbox_take_message(&error, text);
    lua_pushnil(L);
    lua_pushstring(L, text);
    return 2;
}

void ic_lua_open_mailbox(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", mailbox_gc}, {NULL, NULL}};
    ic_lua_make_type(L, TYPE, metamethods, NULL);
    static const luaL_Reg functions[] = {{"unsaved", mailbox_unsaved},
                                         {"guard", mailbox_guard},
                                         {"generation", mailbox_generation},
                                         {"listen", mailbox_listen},
                                         {"kept", mailbox_kept},
                                         {"objection", mailbox_objection},
                                         {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
    /* When the module is loaded again, calls may wait for the existing mailbox. */
    lua_pushlightuserdata(L, (void *)&mailbox_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        lua_pushlightuserdata(L, (void *)&mailbox_key);
        box *mine = lua_newuserdata(L, sizeof *mine);
        *mine = (box){0};
        luaL_getmetatable(L, TYPE);
        lua_setmetatable(L, -2);
        lua_rawset(L, LUA_REGISTRYINDEX);
    }
    lua_pop(L, 1);
}
