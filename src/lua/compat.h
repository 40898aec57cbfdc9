/* Differences between Lua 5.1, LuaJIT, 5.3 and 5.4. On 5.1 only functions that plain Lua 5.1 exports are
 * called, so that a module that was built with LuaJIT's headers loads into both. */
#ifndef IC_LUA_COMPAT_H
#define IC_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>

#if LUA_VERSION_NUM == 502
#error "ironclad is for Lua 5.1 (and LuaJIT), 5.3 and 5.4, not for Lua 5.2"
#endif

static inline size_t ic_lua_rawlen(lua_State *L, int index) {
#if LUA_VERSION_NUM < 502
    return lua_objlen(L, index);
#else
    return lua_rawlen(L, index);
#endif
}

/* As lua_absindex of Lua 5.2 and later. */
static inline int ic_lua_absindex(lua_State *L, int index) {
    return index < 0 && index > LUA_REGISTRYINDEX ? lua_gettop(L) + index + 1 : index;
}

/* Raises an error for an argument after the first, which would be ignored. A nil passes: it may be the error
 * that came with a value, as in json.encode(client.records:get(id)). */
static inline void ic_lua_check_alone(lua_State *L, const char *name) {
    if (!lua_isnoneornil(L, 2))
        luaL_error(L, "%s: too many arguments: also got a %s", name, luaL_typename(L, 2));
}

/* Raises an error when the first argument is the module itself, as ironclad:array(…) passes it. */
static inline void ic_lua_check_dot(lua_State *L, const char *name) {
    if (!lua_istable(L, 1)) return;
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, "ironclad");
    if (lua_rawequal(L, -1, 1)) luaL_error(L, "%s: call it with a dot: %s(…)", name, name);
    lua_pop(L, 2);
}

/* As lua_dump of Lua 5.3 and later, line numbers kept. */
static inline int ic_lua_dump(lua_State *L, lua_Writer writer, void *argument) {
#if LUA_VERSION_NUM < 503
    return lua_dump(L, writer, argument);
#else
    return lua_dump(L, writer, argument, 0);
#endif
}

/* Sets the functions in the table at the top of the stack. As luaL_setfuncs without upvalues. */
static inline void ic_lua_setfuncs(lua_State *L, const luaL_Reg *functions) {
    for (; functions->name; functions++) {
        lua_pushcfunction(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

/* Pushes a whole number, as an integer where this Lua has integers. */
static inline void ic_lua_push_count(lua_State *L, double count) {
    if (count == (double)(lua_Integer)count)
        lua_pushinteger(L, (lua_Integer)count);
    else
        lua_pushnumber(L, count);
}

#endif
