/* Lua values and JSON trees, and what a script sees of them: null, array and json. Trees hang in a userdata
 * before anything is put into them, so that no error of Lua's can lose one. */
#include "lua/values.h"
#include "lua/compat.h"
#include "lua/file.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of the metatables in the registry. */
#define TREE_TYPE  "ironclad.tree"
#define ARRAY_TYPE "ironclad.array"

#define MAX_INTEGER 9007199254740992.0 /* 2^53: up to here a double holds every integer */

static void box_clear(ic_tree_box *box) {
    cJSON_Delete(box->tree);
    box->tree = NULL;
    ic_parts_free(&box->parts);
}

static int box_gc(lua_State *L) {
    box_clear(lua_touserdata(L, 1));
    return 0;
}

ic_tree_box *ic_lua_push_tree_box(lua_State *L) {
    ic_tree_box *box = lua_newuserdata(L, sizeof *box);
    *box = (ic_tree_box){0};
    luaL_getmetatable(L, TREE_TYPE);
    lua_setmetatable(L, -2);
    return box;
}

/* ---- from Lua to a tree ---- */

/* Where a value stands: in the table of the place above, under a name or, without one, at an index. */
typedef struct place {
    const struct place *up;
    const char *name;
    size_t index;
    const void *table; /* the value's identity when it is a table */
} place;

typedef struct reader {
    lua_State *L;
    ic_tree_box *box;
    const char *root;
    bool files;
    int array_type, file_type; /* stack indices of the metatables */
    size_t values;
} reader;

typedef struct path {
    char text[256];
    size_t length;
    bool cut;
} path;

__attribute__((format(printf, 2, 3))) static void path_add(path *p, const char *format, ...) {
    static const char ellipsis[] = "…";
    if (p->cut) return;
    size_t room = sizeof p->text - p->length - sizeof ellipsis;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(p->text + p->length, room, format, values);
    va_end(values);
    p->cut = length < 0 || (size_t)length >= room;
    if (p->cut)
        memcpy(p->text + p->length, ellipsis, sizeof ellipsis);
    else
        p->length += (size_t)length;
}

static void path_add_name(path *p, const char *name) {
    size_t plain = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    if (plain && !name[plain] && (*name < '0' || *name > '9'))
        path_add(p, p->length ? ".%s" : "%s", name);
    else
        path_add(p, "[\"%s\"]", name);
}

static void path_of(path *p, const reader *r, const place *at) {
    if (!at->up) {
        path_add(p, "%s", r->root ? r->root : "");
        return;
    }
    path_of(p, r, at->up);
    if (at->name)
        path_add_name(p, at->name);
    else
        path_add(p, "[%zu]", at->index);
}

__attribute__((noreturn, format(printf, 3, 4))) static void refuse(reader *r, const place *at,
                                                                   const char *format, ...) {
    path p = {0};
    path_of(&p, r, at);
    for (char *c = p.text; *c; c++)
        if ((unsigned char)*c < ' ') *c = '?';
    char reason[160];
    va_list values;
    va_start(values, format);
    vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    box_clear(r->box);
    luaL_error(r->L, "%s: %s", *p.text ? p.text : "value", reason);
    abort(); /* luaL_error does not return */
}

__attribute__((noreturn)) static void no_memory(reader *r) {
    box_clear(r->box);
    luaL_error(r->L, "not enough memory");
    abort();
}

/* Hangs a new node (NULL: there was no memory for it) where it belongs. */
static cJSON *attach(reader *r, const place *at, cJSON *parent, cJSON *node) {
    if (!node) no_memory(r);
    bool attached = true;
    if (!parent)
        r->box->tree = node;
    else if (at->name)
        attached = cJSON_AddItemToObject(parent, at->name, node);
    else
        attached = cJSON_AddItemToArray(parent, node);
    if (attached) return node;
    cJSON_Delete(node);
    no_memory(r);
}

/* The string at `index`, which JSON and a C string must be able to hold. */
static const char *checked_text(reader *r, const place *at, int index, const char *what) {
    size_t length, bad;
    const char *text = lua_tolstring(r->L, index, &length);
    if (!ic_utf8_valid(text, length, &bad))
        refuse(r, at, "%s holds %s at byte %zu", what, text[bad] ? "invalid UTF-8" : "a NUL character",
               bad + 1);
    return text;
}

static cJSON *number_node(reader *r, const place *at) {
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(r->L, -1)) return ic_json_integer(lua_tointeger(r->L, -1));
#endif
    double value = lua_tonumber(r->L, -1);
    if (!isfinite(value)) refuse(r, at, "%s has no JSON form", isnan(value) ? "NaN" : "infinity");
    return cJSON_CreateNumber(value);
}

static void read_value(reader *r, place *at, cJSON *parent);

/* Refuses the key at -2 of a table that is read as a list or as an object. */
__attribute__((noreturn)) static void refuse_key(reader *r, const place *at, bool list, bool marked) {
    static const char neither[] = "neither a list nor an object";
    int type = lua_type(r->L, -2);
    if (type == LUA_TSTRING && marked) refuse(r, at, "marked as an array, but it has names as keys");
    if (type == LUA_TNUMBER && list) refuse(r, at, "%s: %.14g is a key", neither, lua_tonumber(r->L, -2));
    if (type != LUA_TNUMBER && type != LUA_TSTRING)
        refuse(r, at, "%s: a %s is a key", neither, lua_typename(r->L, type));
    refuse(r, at, "%s: it has names and numbers as keys", neither);
}

static void read_object(reader *r, const place *at, cJSON *parent) {
    lua_State *L = r->L;
    cJSON *object = attach(r, at, parent, cJSON_CreateObject());
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) refuse_key(r, at, false, false);
        place inner = {.up = at, .name = checked_text(r, at, -2, "a key")};
        read_value(r, &inner, object);
    }
}

/* How many items the list at the top has. Keys that are no index are refused here, holes later. */
static size_t count_items(reader *r, const place *at, bool marked) {
    lua_State *L = r->L;
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        if (key < 1 || key != floor(key)) refuse_key(r, at, true, marked);
        count++;
    }
    if (count > IC_JSON_MAX_VALUES) refuse(r, at, "more than %d values", IC_JSON_MAX_VALUES);
    return count;
}

static void read_list(reader *r, const place *at, cJSON *parent, bool marked) {
    lua_State *L = r->L;
    size_t count = count_items(r, at, marked);
    cJSON *list = attach(r, at, parent, cJSON_CreateArray());
    for (place inner = {.up = at, .index = 1}; inner.index <= count; inner.index++) {
        lua_rawgeti(L, -1, (int)inner.index);
        if (lua_isnil(L, -1)) refuse(r, at, "neither a list nor an object: [%zu] is missing", inner.index);
        read_value(r, &inner, list);
        lua_pop(L, 1);
    }
}

static void read_file(reader *r, const place *at, cJSON *parent) {
    lua_State *L = r->L;
    if (!r->files) refuse(r, at, "a file cannot stand here");
    int top = lua_gettop(L);
    const char *fault = ic_lua_push_file_fields(L, -1);
    if (fault) refuse(r, at, "file: %s", fault);
    size_t length = 0;
    const char *path = lua_tostring(L, top + 1), *data = lua_tolstring(L, top + 2, &length);
    const char *filename = lua_tostring(L, top + 3), *content_type = lua_tostring(L, top + 4);
    long index = ic_parts_add(&r->box->parts, path, data, length, filename, content_type);
    lua_settop(L, top);
    if (index < 0) no_memory(r);
    cJSON *node = attach(r, at, parent, cJSON_CreateNull());
    node->type = IC_JSON_FILE;
    node->valueint = (int)index;
}

/* A value that is one text in JSON: the field __as_text of the metatable at the top makes it of the table
 * below. Takes the metatable off the stack; false: it has no such field. */
static bool read_as_text(reader *r, const place *at, cJSON *parent) {
    lua_State *L = r->L;
    lua_pushliteral(L, "__as_text");
    lua_rawget(L, -2);
    if (!lua_isfunction(L, -1)) {
        lua_pop(L, 2);
        return false;
    }
    lua_pushvalue(L, -3);
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
        refuse(r, at, "__as_text gave a %s, not a text", luaL_typename(L, -1));
    attach(r, at, parent, cJSON_CreateString(checked_text(r, at, -1, "the text")));
    lua_pop(L, 2);
    return true;
}

static void read_table(reader *r, place *at, cJSON *parent) {
    lua_State *L = r->L;
    luaL_checkstack(L, 8, "nested tables");
    bool marked = false;
    if (lua_getmetatable(L, -1)) {
        marked = lua_rawequal(L, -1, r->array_type);
        if (lua_rawequal(L, -1, r->file_type)) {
            lua_pop(L, 1);
            read_file(r, at, parent);
            return;
        }
        if (marked)
            lua_pop(L, 1);
        else if (read_as_text(r, at, parent))
            return;
    }

    size_t depth = 1;
    at->table = lua_topointer(L, -1);
    for (const place *above = at->up; above; above = above->up, depth++)
        if (above->table == at->table) refuse(r, at, "the table contains itself");
    if (depth > IC_JSON_MAX_DEPTH) refuse(r, at, "nested deeper than %d", IC_JSON_MAX_DEPTH);

    lua_pushnil(L);
    bool named = true; /* an empty table is an object */
    if (lua_next(L, -2)) {
        named = lua_type(L, -2) == LUA_TSTRING;
        lua_pop(L, 2);
    }
    if (named && !marked)
        read_object(r, at, parent);
    else
        read_list(r, at, parent, marked);
}

/* The value at the top of the stack, which stays there. */
static void read_value(reader *r, place *at, cJSON *parent) {
    lua_State *L = r->L;
    if (++r->values > IC_JSON_MAX_VALUES) refuse(r, at, "more than %d values", IC_JSON_MAX_VALUES);
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN: attach(r, at, parent, cJSON_CreateBool(lua_toboolean(L, -1))); return;
    case LUA_TNUMBER: attach(r, at, parent, number_node(r, at)); return;
    case LUA_TSTRING: attach(r, at, parent, cJSON_CreateString(checked_text(r, at, -1, "the text"))); return;
    case LUA_TTABLE: read_table(r, at, parent); return;
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(L, -1)) {
            attach(r, at, parent, cJSON_CreateNull());
            return;
        }
    }
    refuse(r, at, "a value of type %s has no JSON form", luaL_typename(L, -1));
}

void ic_lua_to_tree(lua_State *L, int index, const char *root, bool files, ic_tree_box *box) {
    int top = lua_gettop(L);
    reader r = {.L = L, .box = box, .root = root, .files = files};
    luaL_checkstack(L, 3, "a value");
    lua_pushvalue(L, index);
    luaL_getmetatable(L, ARRAY_TYPE);
    luaL_getmetatable(L, IC_FILE_TYPE);
    lua_insert(L, top + 1);
    lua_insert(L, top + 1); /* array type, file type, value */
    r.array_type = top + 1;
    r.file_type = top + 2;
    place at = {0};
    read_value(&r, &at, NULL);
    lua_settop(L, top);
}

/* ---- from a tree to Lua ---- */

static void push_number(lua_State *L, double value) {
#if LUA_VERSION_NUM >= 503
    if (fabs(value) <= MAX_INTEGER && value == trunc(value) && (value != 0 || !signbit(value))) {
        lua_pushinteger(L, (lua_Integer)value);
        return;
    }
#endif
    lua_pushnumber(L, value);
}

/* Not by lua_pushstring, which on 5.4 compares with its cache first: here nearly every text is a new one. */
static void push_text(lua_State *L, const char *text) {
    lua_pushlstring(L, text, strlen(text));
}

static void push_value(lua_State *L, const cJSON *node, int array_type) {
    const cJSON *child;
    int index = 0;
    switch (node->type & 0xFF) {
    case cJSON_False:
    case cJSON_True: lua_pushboolean(L, cJSON_IsTrue(node)); break;
    case cJSON_Number: push_number(L, node->valuedouble); break;
    case cJSON_String:
    case cJSON_Raw: push_text(L, node->valuestring); break; /* raw: an integer beyond 2^53 */
    case cJSON_Array:
        luaL_checkstack(L, 3, "nested JSON");
        lua_createtable(L, cJSON_GetArraySize(node), 0);
        cJSON_ArrayForEach(child, node) {
            push_value(L, child, array_type);
            lua_rawseti(L, -2, ++index);
        }
        lua_pushvalue(L, array_type);
        lua_setmetatable(L, -2);
        break;
    case cJSON_Object:
        luaL_checkstack(L, 3, "nested JSON");
        lua_createtable(L, 0, cJSON_GetArraySize(node));
        cJSON_ArrayForEach(child, node) {
            push_text(L, child->string);
            push_value(L, child, array_type);
            lua_rawset(L, -3);
        }
        break;
    default: lua_pushlightuserdata(L, NULL); /* null, and a file, which has no other form here */
    }
}

void ic_lua_push_tree(lua_State *L, const cJSON *tree) {
    luaL_checkstack(L, 3, "JSON");
    luaL_getmetatable(L, ARRAY_TYPE);
    push_value(L, tree, lua_gettop(L));
    lua_remove(L, -2);
}

/* ---- array and json ---- */

static int array(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_getmetatable(L, ARRAY_TYPE);
    lua_setmetatable(L, 1);
    return 1;
}

/* decode(text) -> the value, or nil, what is wrong, and its kind (error.h) */
static int json_decode(lua_State *L) {
    luaL_checktype(L, 1, LUA_TSTRING);
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    ic_tree_box *box = ic_lua_push_tree_box(L);
    ic_error error = {0};
    box->tree = ic_json_parse(text, length, &error);
    if (!box->tree) {
        char message[256]; /* nothing of the core's may be held when Lua throws */
        snprintf(message, sizeof message, "%s", ic_error_message(&error));
        const char *kind = ic_error_kind_name(error.kind);
        ic_error_clear(&error);
        lua_pushnil(L);
        lua_pushstring(L, message);
        lua_pushstring(L, kind);
        return 3;
    }
    ic_lua_push_tree(L, box->tree);
    box_clear(box);
    return 1;
}

/* encode(value) -> text */
static int json_encode(lua_State *L) {
    luaL_checkany(L, 1);
    ic_tree_box *box = ic_lua_push_tree_box(L);
    ic_lua_to_tree(L, 1, NULL, false, box);
    /* The text takes the tree's place in the box, as the string of a node, until Lua has its own copy. */
    cJSON *holder = cJSON_CreateNull();
    if (holder) {
        holder->type = cJSON_Raw;
        holder->valuestring = ic_json_print(box->tree);
    }
    box_clear(box);
    box->tree = holder;
    if (!holder || !holder->valuestring) return luaL_error(L, "not enough memory");
    lua_pushstring(L, holder->valuestring);
    box_clear(box);
    return 1;
}

/* ---- the module's part ---- */

static void new_type(lua_State *L, const char *name, const luaL_Reg *methods) {
    luaL_newmetatable(L, name);
    ic_lua_setfuncs(L, methods);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

void ic_lua_open_values(lua_State *L) {
    static const luaL_Reg none[] = {{NULL, NULL}};
    static const luaL_Reg tree_methods[] = {{"__gc", box_gc}, {NULL, NULL}};
    static const luaL_Reg json[] = {{"decode", json_decode}, {"encode", json_encode}, {NULL, NULL}};
    new_type(L, TREE_TYPE, tree_methods);
    new_type(L, ARRAY_TYPE, none);

    lua_pushcfunction(L, array);
    lua_setfield(L, -2, "array");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_newtable(L);
    ic_lua_setfuncs(L, json);
    lua_setfield(L, -2, "json");
    ic_lua_open_file(L);
}
