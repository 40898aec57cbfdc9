#include "lua/known_scopes.h"
#include "core/catalog/scopes.h"
#include "lua/field.h"

/* scopes() -> a new array of { scope =, label =, grants = { name of a grant, … } } */
static int scopes_list(lua_State *L) {
    lua_createtable(L, (int)ic_scope_count, 0);
    for (size_t i = 0; i < ic_scope_count; i++) {
        const ic_scope *scope = &ic_scopes[i];
        lua_createtable(L, 0, 3);
        ic_lua_set_text(L, "scope", scope->name);
        ic_lua_set_text(L, "label", scope->label);
        lua_createtable(L, scope->client_credentials ? 2 : 1, 0);
        lua_pushliteral(L, "authorization_code");
        lua_rawseti(L, -2, 1);
        if (scope->client_credentials) {
            lua_pushliteral(L, "client_credentials");
            lua_rawseti(L, -2, 2);
        }
        lua_setfield(L, -2, "grants");
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

/* scope_nearest(name) -> the known scope that was probably meant, or nil. */
static int scopes_nearest(lua_State *L) {
    lua_pushstring(L, ic_scope_nearest(luaL_checkstring(L, 1)));
    return 1;
}

/* scope_exact(name) -> the name when it is a known scope; nil otherwise. */
static int scopes_exact(lua_State *L) {
    const ic_scope *scope = ic_scope_find(luaL_checkstring(L, 1));
    lua_pushstring(L, scope ? scope->name : NULL);
    return 1;
}

void ic_lua_open_known_scopes(lua_State *L) {
    static const luaL_Reg functions[] = {{"scopes", scopes_list},
                                         {"scope_nearest", scopes_nearest},
                                         {"scope_exact", scopes_exact},
                                         {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
}
