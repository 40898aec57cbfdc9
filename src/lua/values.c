/* Lua values and the trees of the core, and what a script sees of JSON: null, array and json. */
#include "lua/values.h"
#include "lua/compat.h"
#include "lua/file.h"
#include "lua/json_decode.h"
#include <math.h>
#include <string.h>

#define MAX_INTEGER 9007199254740992.0 /* 2^53: up to here a double holds every integer */

/* ---- from Lua to a tree ---- */

static void values_no_memory(lua_State *L, ic_json_box *box) {
    ic_lua_clear_json_box(box);
    luaL_error(L, "not enough memory");
}

void ic_lua_to_tree(lua_State *L, int index, const char *root, ic_json_box *box) {
    const ic_json_rules rules = {.root = root, .no_file = "a file is not allowed here", .no_nul = true};
    luaL_checkstack(L, 1, "a value");
    lua_pushvalue(L, index);
    ic_lua_write_json(L, &rules, box);
    lua_pop(L, 1);
    box->tree = ic_json_parse(box->text.data, box->text.length, NULL);
    if (!box->tree) values_no_memory(L, box);
    ic_buf_free(&box->text);
}

/* Reads the value at the top, which is not an object, as one piece of raw JSON. */
static void values_to_raw(lua_State *L, const ic_json_rules *rules, ic_json_box *box) {
    cJSON_Delete(box->tree);
    ic_parts_free(&box->parts);
    box->text.length = 0;
    box->values = 0;
    box->tree = NULL;
    ic_lua_write_json(L, rules, box);
    box->tree = cJSON_CreateRaw(box->text.data);
    if (!box->tree) values_no_memory(L, box);
}

void ic_lua_to_body(lua_State *L, int index, const char *root, const ic_operation *operation,
                    ic_json_box *box) {
    bool named = operation && operation->body == IC_BODY_LAUNCH;
    const ic_json_rules rules = {.root = root, .no_file = named ? NULL : "a file is not allowed here"};
    luaL_checkstack(L, 1, "a value");
    lua_pushvalue(L, index);
    bool marked = lua_istable(L, -1) && lua_getmetatable(L, -1);
    if (marked) {
        luaL_getmetatable(L, IC_ARRAY_TYPE);
        luaL_getmetatable(L, IC_FILE_TYPE);
        marked = lua_rawequal(L, -3, -2) || lua_rawequal(L, -3, -1);
        lua_pop(L, 3);
    }
    if (!lua_istable(L, -1) || marked || !ic_lua_read_fields(L, &rules, operation, box))
        values_to_raw(L, &rules, box);
    lua_pop(L, 1);
    ic_buf_free(&box->text);
}

/* ---- from a tree to Lua ---- */

static void values_push_number(lua_State *L, double value) {
#if LUA_VERSION_NUM >= 503
    if (fabs(value) <= MAX_INTEGER && value == trunc(value) && (value != 0 || !signbit(value))) {
        lua_pushinteger(L, (lua_Integer)value);
        return;
    }
#endif
    lua_pushnumber(L, value);
}

/* Not by lua_pushstring, which on 5.4 compares with its cache first: here nearly every text is a new one. */
static void values_push_text(lua_State *L, const char *text) {
    lua_pushlstring(L, text, strlen(text));
}

static void values_push_value(lua_State *L, const cJSON *node, int array_type) {
    const cJSON *child;
    int index = 0;
    switch (node->type & 0xFF) {
    case cJSON_False:
    case cJSON_True: lua_pushboolean(L, cJSON_IsTrue(node)); break;
    case cJSON_Number: values_push_number(L, node->valuedouble); break;
    case cJSON_String:
    case cJSON_Raw: values_push_text(L, node->valuestring); break;
    case cJSON_Array:
        luaL_checkstack(L, 3, "nested JSON");
        lua_createtable(L, cJSON_GetArraySize(node), 0);
        cJSON_ArrayForEach(child, node) {
            values_push_value(L, child, array_type);
            lua_rawseti(L, -2, ++index);
        }
        lua_pushvalue(L, array_type);
        lua_setmetatable(L, -2);
        break;
    case cJSON_Object:
        luaL_checkstack(L, 3, "nested JSON");
        lua_createtable(L, 0, cJSON_GetArraySize(node));
        cJSON_ArrayForEach(child, node) {
            values_push_text(L, child->string);
            values_push_value(L, child, array_type);
            lua_rawset(L, -3);
        }
        break;
    default: lua_pushlightuserdata(L, NULL); /* null, and a file, which has no other form here */
    }
}

void ic_lua_push_tree(lua_State *L, const cJSON *tree) {
    luaL_checkstack(L, 3, "JSON");
    luaL_getmetatable(L, IC_ARRAY_TYPE);
    values_push_value(L, tree, lua_gettop(L));
    lua_remove(L, -2);
}

/* ---- array ---- */

static int values_array(lua_State *L) {
    ic_lua_check_dot(L, "ironclad.array");
    ic_lua_check_alone(L, "ironclad.array");
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    if (!lua_istable(L, 1))
        return luaL_error(L, "ironclad.array: expected a table, got a %s", luaL_typename(L, 1));
    luaL_getmetatable(L, IC_ARRAY_TYPE);
    lua_setmetatable(L, 1);
    return 1;
}

/* ---- the module's part ---- */

void ic_lua_open_values(lua_State *L) {
    ic_lua_open_decode(L);
    ic_lua_open_json_box(L);

    lua_pushcfunction(L, values_array);
    lua_setfield(L, -2, "array");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_newtable(L);
    lua_pushcfunction(L, ic_lua_json_decode);
    lua_setfield(L, -2, "decode");
    ic_lua_push_json_encode(L);
    lua_setfield(L, -2, "encode");
    lua_setfield(L, -2, "json");
    ic_lua_open_file(L);
}
