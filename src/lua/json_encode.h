/* From Lua values to JSON text. */
#ifndef IC_LUA_JSON_ENCODE_H
#define IC_LUA_JSON_ENCODE_H

#include "core/catalog/catalog.h"
#include "lua/json_box.h"
#include <lua.h>
#include <stdbool.h>

/* Appends the value at the top of the stack to box->text. Throws a Lua error that names the path
 * ("attributes.lines[3]: …") for a value that JSON cannot hold, and when out of memory. A table is an
 * array when it is marked as one or has the keys 1 to n, otherwise an object. Only two metamethods are
 * called: __as_text returns a string to write instead of the table, __as_number the digits of a number. */
void ic_lua_write_json(lua_State *L, const ic_json_rules *rules, ic_json_box *box);

/* Reads the table at the top of the stack as an object into box->tree, which must be NULL, for the core to
 * check and change: scalars are nodes, files stand as IC_JSON_FILE nodes (with rules->no_file; otherwise
 * as above), and other tables are raw JSON, unless ic_body_build looks into that field of the operation
 * (NULL: none). Throws as ic_lua_write_json. False: a key is not a string, so the table is not an object. */
bool ic_lua_read_fields(lua_State *L, const ic_json_rules *rules, const ic_operation *operation,
                        ic_json_box *box);

/* Pushes the function encode(value) -> text. */
void ic_lua_push_json_encode(lua_State *L);

#endif
