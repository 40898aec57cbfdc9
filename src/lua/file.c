#include "lua/file.h"
#include "core/base/text.h"
#include "core/json/json_text.h"
#include "lua/compat.h"
#include <stdbool.h>
#include <string.h>

enum { PATH, DATA, FILENAME, CONTENT_TYPE, FIELDS };
static const char *const field_names[FIELDS] = {"path", "data", "filename", "content_type"};

/* Returns what is wrong with the field at `index`, or NULL. Without a filename the path gives it, and must
 * then be fit for a header. */
static const char *file_field_fault(lua_State *L, int index, int field, bool names_itself) {
    const char *name = field_names[field];
    if (lua_type(L, index) != LUA_TSTRING)
        return lua_pushfstring(L, "%s must be a string, not a %s", name, luaL_typename(L, index));
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    if (length == 0) return lua_pushfstring(L, "%s is empty", name);
    if (field == DATA) return NULL;
    if (strlen(text) != length) return lua_pushfstring(L, "%s holds a NUL character", name);
    if (field == PATH && !names_itself) return NULL;
    size_t bad;
    if (!ic_utf8_valid(text, length, &bad))
        return lua_pushfstring(L, "%s is not UTF-8%s", name, field == PATH ? ": give a filename" : "");
    if (ic_header_safe(text)) return NULL;
    return lua_pushfstring(L, "%s holds control characters%s", name,
                           field == PATH ? ": give a filename" : "");
}

const char *ic_lua_push_file_fields(lua_State *L, int index) {
    index = ic_lua_absindex(L, index);
    luaL_checkstack(L, FIELDS + 2, "a file");
    int first = lua_gettop(L) + 1;
    for (int i = 0; i < FIELDS; i++) {
        lua_pushstring(L, field_names[i]);
        lua_rawget(L, index);
    }
    bool named = !lua_isnil(L, first + FILENAME);
    for (int i = 0; i < FIELDS; i++) {
        const char *fault = lua_isnil(L, first + i) ? NULL : file_field_fault(L, first + i, i, !named);
        if (fault) return fault;
    }
    if (lua_isnil(L, first + PATH) == lua_isnil(L, first + DATA))
        return "exactly one of path and data is needed";
    return NULL;
}

static void file_check_names(lua_State *L, int index) {
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "file: expected named fields, got a %s as a name", luaL_typename(L, -2));
        ic_nearest search = {.wanted = lua_tostring(L, -2)};
        bool known = false;
        for (int i = 0; i < FIELDS && !known; i++) {
            known = strcmp(search.wanted, field_names[i]) == 0;
            ic_nearest_offer(&search, field_names[i]);
        }
        if (known) continue;
        if (search.best)
            luaL_error(L, "file: unknown field '%s' (did you mean '%s'?)", search.wanted, search.best);
        luaL_error(L, "file: unknown field '%s' (known: path, data, filename, content_type)", search.wanted);
    }
}

/* file(path) or file{ path =, data =, filename =, content_type = } */
static int file_new(lua_State *L) {
    ic_lua_check_dot(L, "ironclad.file");
    ic_lua_check_alone(L, "ironclad.file");
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING) {
        lua_createtable(L, 0, 1);
        lua_insert(L, 1);
        lua_setfield(L, 1, field_names[PATH]);
    }
    if (!lua_istable(L, 1))
        return luaL_error(L, "ironclad.file: expected a path or a table, got %s%s",
                          lua_isnil(L, 1) ? "" : "a ", luaL_typename(L, 1));
    file_check_names(L, 1);
    const char *fault = ic_lua_push_file_fields(L, 1);
    if (fault) return luaL_error(L, "file: %s", fault);
    lua_createtable(L, 0, FIELDS);
    for (int i = 0; i < FIELDS; i++) {
        lua_pushvalue(L, 2 + i);
        lua_setfield(L, -2, field_names[i]);
    }
    luaL_getmetatable(L, IC_FILE_TYPE);
    lua_setmetatable(L, -2);
    return 1;
}

static int file_tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    ic_lua_push_file_fields(L, 1);
    const char *path = lua_tostring(L, 2 + PATH), *filename = lua_tostring(L, 2 + FILENAME);
    lua_pushfstring(L, IC_FILE_TYPE " (%s)", filename ? filename : path ? path : "data");
    return 1;
}

void ic_lua_open_file(lua_State *L) {
    luaL_newmetatable(L, IC_FILE_TYPE);
    lua_pushstring(L, IC_FILE_TYPE);
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, file_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    lua_pushcfunction(L, file_new);
    lua_setfield(L, -2, "file");
}
