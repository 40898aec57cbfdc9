/* Lua values and JSON trees. */
#ifndef IC_LUA_VALUES_H
#define IC_LUA_VALUES_H

#include "core/http/parts.h"
#include "core/json/json.h"
#include <lua.h>
#include <stdbool.h>

/* A userdata with __gc that frees both. */
typedef struct ic_tree_box {
    cJSON *tree;
    ic_parts parts;
} ic_tree_box;

/* Pushes an empty box (userdata first: what is attached to it later is freed whatever Lua throws). */
ic_tree_box *ic_lua_push_tree_box(lua_State *L);

/* Reads the Lua value at index into box->tree, which must be NULL. Throws a Lua error that names the path,
 * beginning with `root` ("body", "attributes.lines[3]: …": for root NULL or "" the path begins with the key).
 * Files (ironclad.file values) are added to what box->parts holds and stand in the tree as IC_JSON_FILE nodes
 * when `files` is true, else they are refused by path. No Lua code runs: metamethods are not asked. */
void ic_lua_to_tree(lua_State *L, int index, const char *root, bool files, ic_tree_box *box);

/* Pushes the Lua value of a tree (never fails but for Lua's own memory errors, which it throws). Tables get
 * exact sizes; arrays get the array metatable; null is ironclad.null. Does not own the tree. */
void ic_lua_push_tree(lua_State *L, const cJSON *tree);

/* Leaves in the table at the top of the stack: null, array (function array(t)), json = {decode, encode}, file
 * (function). Creates the metatables (registry) used above. */
void ic_lua_open_values(lua_State *L);

#endif
