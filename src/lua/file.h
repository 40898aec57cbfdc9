/* ironclad.file: the value that stands for a file in a body. */
#ifndef IC_LUA_FILE_H
#define IC_LUA_FILE_H

#include <lua.h>

/* The name of its metatable in the registry. A file is a table whose fields a script can read and change;
 * they are checked when the file is made and again when it is used. */
#define IC_FILE_TYPE "ironclad.file"

/* Pushes path, data, filename and content_type of the table at `index`, nil for a missing one. Returns NULL,
 * or what is wrong with them; that text is on the stack above them. */
const char *ic_lua_push_file_fields(lua_State *L, int index);

/* Creates the metatable and sets `file` in the table at the top of the stack. */
void ic_lua_open_file(lua_State *L);

#endif
