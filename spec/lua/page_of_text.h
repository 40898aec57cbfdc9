/* A page of JSON for tests of its items. */
#ifndef PAGE_OF_TEXT_H
#define PAGE_OF_TEXT_H

#include "core/json/json_tape_read.h"
#include "lua/items.h"
#include <lauxlib.h>

/* page(text [, field]) -> what ic_lua_push_page pushes; the text is JSON */
static int page_of_text(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_settop(L, 2);
    ic_tape *tape = lua_newuserdata(L, sizeof *tape);
    *tape = (ic_tape){0};
    luaL_getmetatable(L, "ironclad.tape");
    lua_setmetatable(L, -2);
    ic_error error = {0};
    ic_buf copy = {0};
    ic_buf_add(&copy, text, length);
    bool read = !copy.failed && ic_tape_take(tape, &copy, &error);
    ic_error_clear(&error);
    ic_buf_free(&copy);
    if (!read) return luaL_error(L, "not enough memory");
    ic_lua_push_page(L, tape, luaL_optstring(L, 2, NULL));
    return 1;
}

#endif
