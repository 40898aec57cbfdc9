#include "lua/helpers.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/text.h"
#include "lua/compat.h"
#include "lua/file.h"
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

/* nearest(name, candidates) -> the candidate that was probably meant, or nil. */
static int helpers_nearest(lua_State *L) {
    ic_nearest search = {.wanted = luaL_checkstring(L, 1)};
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    size_t count = ic_lua_rawlen(L, 2);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, (int)i);
        if (lua_type(L, -1) == LUA_TSTRING) ic_nearest_offer(&search, lua_tostring(L, -1));
        lua_pop(L, 1); /* the table keeps it */
    }
    lua_pushstring(L, search.best);
    return 1;
}

/* Whether the value at index 1 is an ironclad.file; if so, pushes its fields. */
static bool helpers_push_file(lua_State *L) {
    if (!lua_istable(L, 1) || !lua_getmetatable(L, 1)) return false;
    luaL_getmetatable(L, IC_FILE_TYPE);
    if (!lua_rawequal(L, -1, -2)) return false;
    if (ic_lua_push_file_fields(L, 1)) luaL_argerror(L, 1, lua_tostring(L, -1));
    return true;
}

/* sha256(text or file) -> 64 hex digits; nil and a message when a file cannot be read. */
static int helpers_sha256(lua_State *L) {
    char hex[IC_SHA256_HEX], message[512];
    size_t length;
    ic_error error = {0};
    bool done;
    if (helpers_push_file(L)) {
        const char *path = lua_tostring(L, -4), *data = lua_tolstring(L, -3, &length);
        done = path ? ic_sha256_file(path, hex, &error) : ic_sha256(data, length, hex, &error);
    } else {
        const char *text = luaL_checklstring(L, 1, &length);
        done = ic_sha256(text, length, hex, &error);
    }
    if (done) {
        lua_pushstring(L, hex);
        return 1;
    }
    strncpy(message, ic_error_message(&error), sizeof message - 1);
    message[sizeof message - 1] = '\0';
    ic_error_clear(&error);
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* random_hex(count) -> that many random bytes, fit for secrets, as hex digits. */
static int helpers_random_hex(lua_State *L) {
    unsigned char bytes[64];
    char hex[2 * sizeof bytes];
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, count >= 1 && count <= (lua_Integer)sizeof bytes, 1, "from 1 to 64");
    if (RAND_bytes(bytes, (int)count) != 1) return luaL_error(L, "the system gave no random bytes");
    for (lua_Integer i = 0; i < count; i++) {
        hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    lua_pushlstring(L, hex, (size_t)(2 * count));
    return 1;
}

/* monotonic() -> seconds on a clock that never goes back. */
static int helpers_monotonic(lua_State *L) {
    lua_pushnumber(L, ic_now());
    return 1;
}

/* wall_time() -> Unix time in seconds, with a fraction. */
static int helpers_wall_time(lua_State *L) {
    lua_pushnumber(L, ic_wall_time());
    return 1;
}

/* same(a, b) -> whether two strings are equal, compared in constant time. */
static int helpers_same(lua_State *L) {
    size_t length, other;
    const char *a = luaL_checklstring(L, 1, &length), *b = luaL_checklstring(L, 2, &other);
    lua_pushboolean(L, length == other && CRYPTO_memcmp(a, b, length) == 0);
    return 1;
}

/* The end of a call through a boundary: its results, or its error raised again. */
#if LUA_VERSION_NUM >= 503
static int helpers_boundary_end(lua_State *L, int status, lua_KContext context) {
    (void)context;
    return status == LUA_OK || status == LUA_YIELD ? lua_gettop(L) : lua_error(L);
}
#endif

/* Calls upvalue 2, if it is a function, with the first argument, and pushes its result. */
static bool helpers_boundary_try(lua_State *L) {
    if (lua_isnil(L, lua_upvalueindex(2))) return false;
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (!lua_isnil(L, -1)) return true;
    lua_pop(L, 1);
    return false;
}

/* Calls upvalue 1 with the arguments. By the time its error is raised again, its frames are gone. */
static int helpers_boundary_call(lua_State *L) {
    if (helpers_boundary_try(L)) return 1;
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
#if LUA_VERSION_NUM >= 503
    return helpers_boundary_end(L, lua_pcallk(L, count, LUA_MULTRET, 0, 0, helpers_boundary_end), 0);
#else
    return lua_pcall(L, count, LUA_MULTRET, 0) == 0 ? lua_gettop(L) : lua_error(L);
#endif
}

/* boundary(fn [, first]) -> a function that does as fn does; tracebacks of its errors begin at its caller. In
 * Lua 5.1 and LuaJIT fn cannot yield. `first(argument)` is called before that and without a boundary, which
 * costs more than a short function: what it returns, unless nil, is the result. It cannot yield. */
static int helpers_boundary(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_pushcclosure(L, helpers_boundary_call, 2);
    return 1;
}

/* yieldable() -> whether the code that calls this can yield: not inside a C function that has called back, as
 * string.gsub does. true in PUC Lua 5.1, which cannot tell. nginx replaces the table coroutine by one without
 * isyieldable. */
static int helpers_yieldable(lua_State *L) {
#if LUA_VERSION_NUM >= 503
    lua_pushboolean(L, lua_isyieldable(L));
#else
    int (*ask)(lua_State *) = NULL;
    *(void **)&ask = lua_touserdata(L, lua_upvalueindex(1));
    lua_pushboolean(L, ask ? ask(L) : 1);
#endif
    return 1;
}

void ic_lua_open_helpers(lua_State *L) {
    static const luaL_Reg functions[] = {{"nearest", helpers_nearest},       {"sha256", helpers_sha256},
                                         {"random_hex", helpers_random_hex}, {"same", helpers_same},
                                         {"monotonic", helpers_monotonic},   {"wall_time", helpers_wall_time},
                                         {"boundary", helpers_boundary},     {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
    /* A module that was built for LuaJIT also loads into PUC Lua 5.1, so it is not linked with this function.
     */
    lua_pushlightuserdata(L, dlsym(RTLD_DEFAULT, "lua_isyieldable"));
    lua_pushcclosure(L, helpers_yieldable, 1);
    lua_setfield(L, -2, "yieldable");
}
