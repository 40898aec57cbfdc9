/* core.state_file: a private file under a lock, for state that Lua code keeps (core/auth/private_file.h). */
#ifndef IC_LUA_STATE_FILE_H
#define IC_LUA_STATE_FILE_H

#include <lua.h>

void ic_lua_open_state_file(lua_State *L);

#endif
