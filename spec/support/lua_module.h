/* How the C modules of the specs are opened. */
#ifndef IC_SPEC_LUA_MODULE_H
#define IC_SPEC_LUA_MODULE_H

#include <lauxlib.h>
#include <lua.h>

/* Sets the functions in the table on top of the stack, in every Lua. */
static inline void ic_module_set(lua_State *L, const luaL_Reg *functions) {
    for (; functions->name; functions++) {
        lua_pushcfunction(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

/* Makes the type of a userdata: its metamethods, and its methods in __index. */
static inline void ic_module_type(lua_State *L, const char *type, const luaL_Reg *metamethods,
                                  const luaL_Reg *methods) {
    luaL_newmetatable(L, type);
    ic_module_set(L, metamethods);
    lua_newtable(L);
    ic_module_set(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

#endif
