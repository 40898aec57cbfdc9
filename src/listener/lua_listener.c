/* The binding of the listeners: the module ironclad.listener. */
#include "listener/browser.h"
#include "listener/callback.h"
#include "lua/compat.h"
#include <lauxlib.h>
#include <string.h>

#define TYPE "ironclad.listener.callback"

typedef struct listener {
    ic_callback *callback; /* NULL: closed */
    ic_browser browser;
} listener;

static listener *check_open(lua_State *L) {
    listener *mine = luaL_checkudata(L, 1, TYPE);
    luaL_argcheck(L, mine->callback, 1, "closed");
    return mine;
}

/* options[name] as text, or raises; it lives as long as the table. */
static const char *check_text(lua_State *L, const char *name) {
    size_t length;
    lua_getfield(L, 1, name);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
    if (!text || strlen(text) != length) luaL_error(L, "listen_callback: %s: expected a string", name);
    lua_pop(L, 1);
    return text;
}

static double check_number(lua_State *L, const char *name, double most) {
    lua_getfield(L, 1, name);
    double number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if (!(number >= 0 && number <= most)) luaL_error(L, "listen_callback: %s: expected a number", name);
    lua_pop(L, 1);
    return number;
}

/* listen_callback{ host = "localhost", "127.0.0.1" or "::1", port = (0: any free one), path =, seconds = how
 * long it is waited } -> listener; nil and a message. */
static int l_listen(lua_State *L) {
    char error[512];
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *host = check_text(L, "host"), *path = check_text(L, "path");
    double port = check_number(L, "port", 65535), seconds = check_number(L, "seconds", 1e9);
    listener *mine = lua_newuserdata(L, sizeof *mine);
    *mine = (listener){0};
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    mine->callback = ic_callback_listen(host, (int)port, path, seconds, error, sizeof error);
    if (mine->callback) return 1;
    lua_pushnil(L);
    lua_pushstring(L, error);
    return 2;
}

static int l_port(lua_State *L) {
    lua_pushinteger(L, ic_callback_port(check_open(L)->callback));
    return 1;
}

/* listener:wait() -> the path and query that came; false: ask again (a moment has passed, or a signal has
 * come, whose handler in Lua runs only after this has returned); nil: the time is over. */
static int l_wait(lua_State *L) {
    ic_callback *callback = check_open(L)->callback;
    switch (ic_callback_wait(callback)) {
    case IC_CALLBACK_AGAIN: lua_pushboolean(L, 0); break;
    case IC_CALLBACK_CAME: lua_pushstring(L, ic_callback_target(callback)); break;
    case IC_CALLBACK_LATE: lua_pushnil(L); break;
    }
    return 1;
}

/* listener:answer(status, title, text): the page for the browser that waits. */
static int l_answer(lua_State *L) {
    ic_callback *callback = check_open(L)->callback;
    int status = (int)luaL_checkinteger(L, 2);
    const char *title = luaL_checkstring(L, 3), *text = luaL_checkstring(L, 4);
    luaL_argcheck(L, status >= 200 && status <= 599, 2, "no status of an answer");
    ic_callback_answer(callback, (unsigned)status, title, text);
    return 0;
}

/* listener:open_browser(url) -> true; nil and a message. */
static int l_open_browser(lua_State *L) {
    int failed = ic_browser_open(&check_open(L)->browser, luaL_checkstring(L, 2));
    if (!failed) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, strerror(failed));
    return 2;
}

/* listener:browser_failed() -> whether what open_browser has started has ended without success; true once. */
static int l_browser_failed(lua_State *L) {
    lua_pushboolean(L, ic_browser_failed(&check_open(L)->browser));
    return 1;
}

/* listener:close(): frees the port. May be called again. */
static int l_close(lua_State *L) {
    listener *mine = luaL_checkudata(L, 1, TYPE);
    ic_callback *callback = mine->callback;
    mine->callback = NULL;
    ic_callback_close(callback);
    return 0;
}

static void make_type(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"port", l_port},
        {"wait", l_wait},
        {"answer", l_answer},
        {"open_browser", l_open_browser},
        {"browser_failed", l_browser_failed},
        {"close", l_close},
        {"__gc", l_close},
        {NULL, NULL},
    };
    luaL_newmetatable(L, TYPE);
    ic_lua_setfuncs(L, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

__attribute__((visibility("default"))) int luaopen_ironclad_listener(lua_State *L);
int luaopen_ironclad_listener(lua_State *L) {
    make_type(L);
    lua_newtable(L);
    ic_lua_setfuncs(L, (const luaL_Reg[]){{"listen_callback", l_listen}, {NULL, NULL}});
    return 1;
}
