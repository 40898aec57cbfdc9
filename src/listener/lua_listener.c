/* The binding of the listeners: the module ironclad.listener. */
#include "listener/browser.h"
#include "listener/callback.h"
#include "listener/lua_intake.h"
#include "lua/metatable.h"
#include <lauxlib.h>
#include <string.h>

#define TYPE "ironclad.listener.callback"

typedef struct listener {
    ic_callback *callback; /* NULL: closed */
    ic_browser browser;
} listener;

static listener *listener_check_open(lua_State *L) {
    listener *mine = luaL_checkudata(L, 1, TYPE);
    luaL_argcheck(L, mine->callback, 1, "closed");
    return mine;
}

/* The option as text, valid as long as the table of options. Raises an error when it is not a text. */
static const char *listener_check_text(lua_State *L, const char *name) {
    size_t length;
    lua_getfield(L, 1, name);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
    if (!text || strlen(text) != length) luaL_error(L, "listen_callback: %s: expected a string", name);
    lua_pop(L, 1);
    return text;
}

static double listener_check_number(lua_State *L, const char *name, double most) {
    lua_getfield(L, 1, name);
    double number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if (!(number >= 0 && number <= most)) luaL_error(L, "listen_callback: %s: expected a number", name);
    lua_pop(L, 1);
    return number;
}

/* listen_callback{ host =, port =, path =, seconds = } -> listener; or nil and a message. The fields are the
 * parameters of ic_callback_listen. */
static int listener_listen(lua_State *L) {
    char error[512];
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *host = listener_check_text(L, "host"), *path = listener_check_text(L, "path");
    double port = listener_check_number(L, "port", 65535), seconds = listener_check_number(L, "seconds", 1e9);
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

static int listener_port(lua_State *L) {
    lua_pushinteger(L, ic_callback_port(listener_check_open(L)->callback));
    return 1;
}

/* listener:wait() -> the path and query of the request; nil after the timeout; false when there is no request
 * yet, and the caller must wait again (a signal handler in Lua runs only after this function returns). */
static int listener_wait(lua_State *L) {
    ic_callback *callback = listener_check_open(L)->callback;
    switch (ic_callback_wait(callback)) {
    case IC_CALLBACK_AGAIN: lua_pushboolean(L, 0); break;
    case IC_CALLBACK_CAME: lua_pushstring(L, ic_callback_target(callback)); break;
    case IC_CALLBACK_LATE: lua_pushnil(L); break;
    }
    return 1;
}

/* listener:answer(status, title, text) sends a page to the waiting browser. */
static int listener_answer(lua_State *L) {
    ic_callback *callback = listener_check_open(L)->callback;
    int status = (int)luaL_checkinteger(L, 2);
    const char *title = luaL_checkstring(L, 3), *text = luaL_checkstring(L, 4);
    luaL_argcheck(L, status >= 200 && status <= 599, 2, "expected a status from 200 to 599");
    ic_callback_answer(callback, (unsigned)status, title, text);
    return 0;
}

/* listener:open_browser(url) -> true; or nil and a message. */
static int listener_open_browser(lua_State *L) {
    int failed = ic_browser_open(&listener_check_open(L)->browser, luaL_checkstring(L, 2));
    if (!failed) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, strerror(failed));
    return 2;
}

/* listener:browser_failed() -> whether the program that open_browser started has failed; true only once.
 */
static int listener_browser_failed(lua_State *L) {
    lua_pushboolean(L, ic_browser_failed(&listener_check_open(L)->browser));
    return 1;
}

/* listener:close() frees the port. Calling it again does nothing. */
static int listener_close(lua_State *L) {
    listener *mine = luaL_checkudata(L, 1, TYPE);
    ic_callback *callback = mine->callback;
    mine->callback = NULL;
    ic_callback_close(callback);
    return 0;
}

static void listener_make_type(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", listener_close}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"port", listener_port},
        {"wait", listener_wait},
        {"answer", listener_answer},
        {"open_browser", listener_open_browser},
        {"browser_failed", listener_browser_failed},
        {"close", listener_close},
        {NULL, NULL},
    };
    ic_lua_make_type(L, TYPE, metamethods, methods);
}

__attribute__((visibility("default"))) int luaopen_ironclad_listener(lua_State *L);
int luaopen_ironclad_listener(lua_State *L) {
    listener_make_type(L);
    lua_newtable(L);
    ic_lua_setfuncs(L, (const luaL_Reg[]){{"listen_callback", listener_listen}, {NULL, NULL}});
    ic_lua_open_intake(L);
    return 1;
}
