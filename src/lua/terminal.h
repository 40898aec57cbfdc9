/* What a command-line program needs from the system and Lua does not have: terminals, signals, a child
 * process, files that only this user can read. The command `ironclad` uses it. */
#ifndef IC_LUA_TERMINAL_H
#define IC_LUA_TERMINAL_H

#include <lua.h>

/* Sets `terminal` in the table at the top of the stack. */
void ic_lua_open_terminal(lua_State *L);

#endif
