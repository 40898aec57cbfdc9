#include "lua/reference.h"
#include "core/base/error.h"
#include "lua/compat.h"

/* Sets a field of the table on top of the stack. */
static void set_text(lua_State *L, const char *key, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

/* error_kinds() -> a new array of { name =, meaning =, advice = }: the kinds of the errors that calls return.
 */
static int l_error_kinds(lua_State *L) {
    int count = 0;
    lua_newtable(L);
    for (int i = 0; i < IC_ERROR_KIND_COUNT; i++) {
        ic_error_kind kind = (ic_error_kind)i;
        if (!ic_error_kind_meaning(kind)) continue;
        lua_createtable(L, 0, 3);
        set_text(L, "name", ic_error_kind_name(kind));
        set_text(L, "meaning", ic_error_kind_meaning(kind));
        set_text(L, "advice", ic_error_kind_advice(kind));
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

void ic_lua_open_reference(lua_State *L) {
    static const luaL_Reg functions[] = {{"error_kinds", l_error_kinds}, {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
}
