/* The verification of events, for src/ironclad/events. */
#ifndef IC_LUA_WEBHOOK_H
#define IC_LUA_WEBHOOK_H

#include <lua.h>

/* Adds webhook_key, webhook_verify and webhook_verify_request to the table at the top of the stack. */
void ic_lua_open_webhook(lua_State *L);

#endif
