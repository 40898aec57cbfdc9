/* What is made from Lua values, and by which rules. */
#ifndef IC_LUA_JSON_BOX_H
#define IC_LUA_JSON_BOX_H

#include "core/base/buf.h"
#include "core/http/parts.h"
#include "core/json/json.h"
#include <lua.h>
#include <stdbool.h>

/* What is made from Lua values, in a userdata whose __gc frees it, so that nothing leaks when Lua throws. */
typedef struct ic_json_box {
    ic_buf text;
    cJSON *tree;
    ic_parts parts;
    size_t values; /* written so far: IC_JSON_MAX_VALUES at most */
    size_t room;   /* bytes of text that are expected; 0: not known */
} ic_json_box;

/* Pushes an empty box. */
ic_json_box *ic_lua_push_json_box(lua_State *L);
void ic_lua_clear_json_box(ic_json_box *box);
/* Creates the metatable of boxes (registry). */
void ic_lua_open_json_box(lua_State *L);

/* How values are written. */
typedef struct ic_json_rules {
    const char *root;    /* how messages name the value: "body"; NULL or "": a path begins with its key */
    const char *no_file; /* why a file is refused; NULL: {"file": name} is written, and the file added to the
                            box's parts under that name */
    bool no_nul;         /* a text with NUL is refused, since it becomes a C string */
} ic_json_rules;

#endif
