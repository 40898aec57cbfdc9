/* Files that must survive a crash. */
#ifndef IC_LUA_DISK_H
#define IC_LUA_DISK_H

#include <lua.h>

/* Adds `disk` to the table at the top of the stack: absolute, write, append, rename, rename_to_new,
 * remove, begin, make_folder, list, lock, claims, alive. */
void ic_lua_open_disk(lua_State *L);

#endif
