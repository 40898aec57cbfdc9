/* The binding of ic_intake. */
#include "listener/lua_intake.h"
#include "listener/intake.h"
#include "lua/field.h"
#include "lua/metatable.h"
#include <string.h>

#define TYPE "ironclad.listener.intake"

typedef struct lua_intake {
    ic_intake *intake; /* NULL: closed */
} lua_intake;

static ic_intake *intake_check_open(lua_State *L) {
    lua_intake *mine = luaL_checkudata(L, 1, TYPE);
    luaL_argcheck(L, mine->intake, 1, "closed");
    return mine->intake;
}

/* intake(host, port) -> an intake; nil and a message. */
static int intake_listen(lua_State *L) {
    char error[512];
    const char *host = luaL_checkstring(L, 1);
    int port = (int)luaL_checkinteger(L, 2);
    lua_intake *mine = lua_newuserdata(L, sizeof *mine);
    mine->intake = NULL;
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    mine->intake = ic_intake_listen(host, port, error, sizeof error);
    if (mine->intake) return 1;
    lua_pushnil(L);
    lua_pushstring(L, error);
    return 2;
}

static int intake_port(lua_State *L) {
    lua_pushinteger(L, ic_intake_port(intake_check_open(L)));
    return 1;
}

/* intake:wait(seconds) -> whether a request waits for its answer. Call it again: a handler of a signal in Lua
 * runs only after this function returns. */
static int intake_wait(lua_State *L) {
    ic_intake *intake = intake_check_open(L);
    lua_pushboolean(L, ic_intake_wait(intake, luaL_checknumber(L, 2)));
    return 1;
}

/* Pushes a list of { name, value }. */
static void intake_push_headers(lua_State *L, const ic_intake *intake) {
    size_t length;
    const char *at = ic_intake_headers(intake, &length), *end = at + length;
    lua_newtable(L);
    for (int count = 1; at < end; count++) {
        lua_createtable(L, 2, 0);
        for (int part = 1; part <= 2; part++) {
            lua_pushstring(L, at);
            lua_rawseti(L, -2, part);
            at += strlen(at) + 1;
        }
        lua_rawseti(L, -2, count);
    }
}

/* intake:request() -> { method =, target =, headers = a list of { name, value }, body = } of the request that
 * has waited longest; nil when none waits. */
static int intake_request(lua_State *L) {
    const ic_intake *intake = intake_check_open(L);
    size_t length;
    const char *body = ic_intake_body(intake, &length);
    if (!body) return 0;
    lua_createtable(L, 0, 4);
    ic_lua_set_text(L, "method", ic_intake_method(intake));
    ic_lua_set_text(L, "target", ic_intake_target(intake));
    lua_pushlstring(L, body, length);
    lua_setfield(L, -2, "body");
    intake_push_headers(L, intake);
    lua_setfield(L, -2, "headers");
    return 1;
}

/* intake:answer(status, text) answers that request. */
static int intake_answer(lua_State *L) {
    ic_intake *intake = intake_check_open(L);
    size_t length;
    int status = (int)luaL_checkinteger(L, 2);
    const char *text = luaL_checklstring(L, 3, &length);
    luaL_argcheck(L, status >= 200 && status <= 599, 2, "expected a status from 200 to 599");
    ic_intake_answer(intake, (unsigned)status, text, length);
    return 0;
}

/* intake:close() frees the port. Calling it again does nothing. */
static int intake_close(lua_State *L) {
    lua_intake *mine = luaL_checkudata(L, 1, TYPE);
    ic_intake *intake = mine->intake;
    mine->intake = NULL;
    ic_intake_close(intake);
    return 0;
}

void ic_lua_open_intake(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", intake_close}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"port", intake_port},       {"wait", intake_wait},
                                       {"request", intake_request}, {"answer", intake_answer},
                                       {"close", intake_close},     {NULL, NULL}};
    ic_lua_make_type(L, TYPE, metamethods, methods);
    lua_pushcfunction(L, intake_listen);
    lua_setfield(L, -2, "intake");
}
