/* The list of a page, whose items become Lua values one by one. */
#ifndef IC_LUA_ITEMS_H
#define IC_LUA_ITEMS_H

#include "core/json/json_tape.h"
#include <lua.h>

/* Pushes the value of a tape, and takes the tape over. The list in the member `field` of the value (NULL: the
 * value itself) is no table but a userdata:
 *
 *   #items                  the number of items
 *   items:next(metatable)   the next one, or nil at the end; the metatable, if not nil, is set for an object
 *   items:first()           the next one, without going on
 *   items:close()           frees what is left
 *
 * The bytes are freed with the last item. A member that is no array is pushed as usual. */
void ic_lua_push_page(lua_State *L, ic_tape *tape, const char *field);

/* Creates the metatable, and sets the function no_items in the table at the top of the stack. */
void ic_lua_open_items(lua_State *L);

#endif
