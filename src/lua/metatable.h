/* The metatable of a type of userdata. */
#ifndef IC_LUA_METATABLE_H
#define IC_LUA_METATABLE_H

#include "lua/compat.h"

/* Registers the metatable `name` with its metamethods, such as __gc, and the methods of `methods` (NULL:
 * none). A script cannot get at it, and so cannot free a userdata that is in use. */
static inline void ic_lua_make_type(lua_State *L, const char *name, const luaL_Reg *metamethods,
                                    const luaL_Reg *methods) {
    luaL_newmetatable(L, name);
    ic_lua_setfuncs(L, metamethods);
    if (methods) {
        lua_newtable(L);
        ic_lua_setfuncs(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

#endif
