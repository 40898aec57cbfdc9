/* Runs a program and reads what it prints, as when a secret comes from a password manager. */
#ifndef IC_LUA_COMMAND_H
#define IC_LUA_COMMAND_H

#include <lua.h>

/* Creates the metatable and sets `command` in the table at the top of the stack. */
void ic_lua_open_command(lua_State *L);

#endif
