#include "lua/json_box.h"
#include "lua/metatable.h"

#define BOX_TYPE "ironclad.json"

void ic_lua_clear_json_box(ic_json_box *box) {
    ic_buf_free(&box->text);
    cJSON_Delete(box->tree);
    box->tree = NULL;
    ic_parts_free(&box->parts);
}

static int json_box_gc(lua_State *L) {
    ic_lua_clear_json_box(lua_touserdata(L, 1));
    return 0;
}

ic_json_box *ic_lua_push_json_box(lua_State *L) {
    ic_json_box *box = lua_newuserdata(L, sizeof *box);
    *box = (ic_json_box){0};
    luaL_getmetatable(L, BOX_TYPE);
    lua_setmetatable(L, -2);
    return box;
}

void ic_lua_open_json_box(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", json_box_gc}, {NULL, NULL}};
    ic_lua_make_type(L, BOX_TYPE, metamethods, NULL);
}
