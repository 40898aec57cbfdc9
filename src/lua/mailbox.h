/* The mailbox of a Lua state. */
#ifndef IC_LUA_MAILBOX_H
#define IC_LUA_MAILBOX_H

#include "core/base/mailbox.h"
#include <lua.h>

/* Sets unsaved, guard, generation, listen, kept and objection in the table at the top of the stack. */
void ic_lua_open_mailbox(lua_State *L);
/* The state's mailbox, made at first use, and again in a forked child. Throws when it cannot be made. */
ic_mailbox *ic_lua_mailbox(lua_State *L);
/* The same; NULL when it has not been used yet, so that nothing is in it. */
ic_mailbox *ic_lua_mailbox_in_use(lua_State *L);

#endif
