/* Sets a field of the table at the top of the stack. */
#ifndef IC_LUA_FIELD_H
#define IC_LUA_FIELD_H

#include "lua/compat.h"
#include <stdbool.h>

/* NULL sets nothing. */
static inline void ic_lua_set_text(lua_State *L, const char *name, const char *text) {
    if (!text) return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static inline void ic_lua_set_number(lua_State *L, const char *name, double number) {
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

/* A whole number, as an integer where this Lua has integers. */
static inline void ic_lua_set_count(lua_State *L, const char *name, double count) {
    ic_lua_push_count(L, count);
    lua_setfield(L, -2, name);
}

static inline void ic_lua_set_boolean(lua_State *L, const char *name, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

#endif
