/* Lua values and the trees of the core (json.h). */
#ifndef IC_LUA_VALUES_H
#define IC_LUA_VALUES_H

#include "lua/json_encode.h"

/* Reads the Lua value at index into box->tree, which must be NULL. Throws a Lua error that names the path,
 * beginning with `root` ("headers"; for NULL or "" the path begins with the key). */
void ic_lua_to_tree(lua_State *L, int index, const char *root, ic_json_box *box);

/* The same for the body of a request: an object is read as by ic_lua_read_fields, any other value becomes
 * one piece of raw JSON. */
void ic_lua_to_body(lua_State *L, int index, const char *root, const ic_operation *operation,
                    ic_json_box *box);

/* Pushes the Lua value of a tree (never fails but for Lua's own memory errors, which it throws). Tables get
 * exact sizes; arrays get the array metatable; null is ironclad.null. Does not own the tree. */
void ic_lua_push_tree(lua_State *L, const cJSON *tree);

/* Leaves in the table at the top of the stack: null, array (function array(t)), json = {decode, encode}, file
 * (function). Creates the metatables (registry) used above. */
void ic_lua_open_values(lua_State *L);

#endif
