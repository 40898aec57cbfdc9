/* The tables of options and error kinds, for the documentation. */
#ifndef IC_LUA_REFERENCE_H
#define IC_LUA_REFERENCE_H

#include <lua.h>

/* Sets option_table and error_kinds in the table at the top of the stack. */
void ic_lua_open_reference(lua_State *L);

#endif
