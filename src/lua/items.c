#include "lua/items.h"
#include "lua/json_decode.h"
#include "lua/metatable.h"
#include <stdbool.h>
#include <string.h>

#define TYPE "ironclad.items"

typedef struct items {
    ic_tape tape;         /* owned */
    const uint64_t *next; /* the next item; NULL: not an array */
    size_t count, left;
    /* How many calls are making an item, which allocates and so may run finalizers of the script. These may
     * take items or close the list: then the tape is freed by the outermost call. After a memory error the
     * number stays too high, and the tape is freed with the userdata. */
    size_t making;
    ic_kept_texts kept;
    int kept_table; /* its reference in the registry, or LUA_NOREF */
} items;

static items *items_push(lua_State *L) {
    items *mine = lua_newuserdata(L, sizeof *mine);
    *mine = (items){.kept_table = LUA_NOREF};
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    return mine;
}

/* Makes the array at `word` the list. */
static void items_set(items *mine, const uint64_t *word) {
    mine->next = ic_tape_next(word);
    mine->count = mine->left = ic_tape_count(word);
}

static void items_free(lua_State *L, items *mine) {
    int table = mine->kept_table;
    mine->kept_table = LUA_NOREF;
    ic_tape_free(&mine->tape);
    luaL_unref(L, LUA_REGISTRYINDEX, table);
}

static void items_end(lua_State *L, items *mine) {
    mine->next = NULL;
    mine->left = 0;
    if (!mine->making) items_free(L, mine);
}

static bool items_is_name(const items *mine, const uint64_t *word, const char *field) {
    size_t length;
    const char *text = ic_tape_text(&mine->tape, word, &length);
    return length == strlen(field) && memcmp(text, field, length) == 0;
}

/* Pushes the object at `word`, with the userdata at the stack index `list` for the array in `field`. When a
 * name is there twice, the last one counts. */
static void items_push_object(lua_State *L, items *mine, const uint64_t *word, const char *field, int list) {
    size_t members = ic_tape_count(word);
    lua_createtable(L, 0, (int)members);
    for (word++; members--; word = ic_tape_after(word)) {
        const uint64_t *name = word;
        word = ic_tape_next(word);
        ic_lua_push_tape(L, &mine->tape, name);
        if (ic_tape_kind_of(*word) == IC_TAPE_ARRAY && items_is_name(mine, name, field)) {
            items_set(mine, word);
            lua_pushvalue(L, list);
        } else {
            ic_lua_push_tape(L, &mine->tape, word);
        }
        lua_rawset(L, -3);
    }
}

void ic_lua_push_page(lua_State *L, ic_tape *tape, const char *field) {
    luaL_checkstack(L, 6, "a page");
    items *mine = items_push(L);
    int list = lua_gettop(L);
    mine->tape = *tape;
    *tape = (ic_tape){0};
    const uint64_t *word = mine->tape.words;
    if (field && ic_tape_kind_of(*word) == IC_TAPE_OBJECT) {
        items_push_object(L, mine, word, field, list);
    } else if (!field && ic_tape_kind_of(*word) == IC_TAPE_ARRAY) {
        items_set(mine, word);
        lua_pushvalue(L, list);
    } else {
        ic_lua_push_tape(L, &mine->tape, word);
    }
    if (!mine->left) items_end(L, mine);
    lua_remove(L, list);
}

static int items_gc(lua_State *L) {
    items_free(L, luaL_checkudata(L, 1, TYPE));
    return 0;
}

static int items_close(lua_State *L) {
    items_end(L, luaL_checkudata(L, 1, TYPE));
    return 0;
}

static int items_count(lua_State *L) {
    items *mine = luaL_checkudata(L, 1, TYPE);
    lua_pushinteger(L, (lua_Integer)mine->count);
    return 1;
}

static int items_first(lua_State *L) {
    items *mine = luaL_checkudata(L, 1, TYPE);
    if (!mine->left) return lua_pushnil(L), 1;
    mine->making++;
    ic_lua_push_tape(L, &mine->tape, mine->next);
    if (!--mine->making && !mine->left) items_free(L, mine);
    return 1;
}

/* Pushes the item at `word` and returns the word after it. Texts that it shares with others are kept for
 * these. */
static const uint64_t *items_push_item(lua_State *L, items *mine, const uint64_t *word) {
    if (mine->kept_table == LUA_NOREF) {
        lua_createtable(L, IC_KEPT_TEXTS, 0);
        /* A finalizer may have made another one. */
        if (mine->kept_table == LUA_NOREF)
            mine->kept_table = luaL_ref(L, LUA_REGISTRYINDEX);
        else
            lua_pop(L, 1);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, mine->kept_table);
    return ic_lua_push_item(L, &mine->tape, word, &mine->kept, lua_gettop(L));
}

/* Pushes the next item. A finalizer that takes the same item meanwhile is given it too: it is not lost, and
 * each.lua knows it again. */
static void items_push_next(lua_State *L, items *mine) {
    const uint64_t *word = mine->next;
    mine->making++;
    const uint64_t *after = items_push_item(L, mine, word);
    if (mine->next == word && mine->left) {
        mine->next = after;
        mine->left--;
    }
    if (!--mine->making && !mine->left) items_free(L, mine);
}

static int items_next(lua_State *L) {
    items *mine = luaL_checkudata(L, 1, TYPE);
    if (!mine->left) return lua_pushnil(L), 1;
    lua_settop(L, 2);
    bool object = ic_tape_kind_of(*mine->next) == IC_TAPE_OBJECT;
    items_push_next(L, mine);
    if (object && lua_istable(L, 2)) {
        lua_pushvalue(L, 2);
        lua_setmetatable(L, -2);
    }
    return 1;
}

/* no_items() -> an empty list */
static int items_none(lua_State *L) {
    items_push(L);
    return 1;
}

/* In some versions of Lua the first luaL_unref of a state needs memory, and may raise an error. */
static void items_prepare_unref(lua_State *L) {
    lua_pushboolean(L, 1);
    luaL_unref(L, LUA_REGISTRYINDEX, luaL_ref(L, LUA_REGISTRYINDEX));
}

void ic_lua_open_items(lua_State *L) {
    static const luaL_Reg functions[] = {{"no_items", items_none}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"next", items_next}, {"first", items_first}, {"close", items_close}, {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", items_gc}, {"__len", items_count}, {NULL, NULL}};
    ic_lua_make_type(L, TYPE, metamethods, methods);
    items_prepare_unref(L);
    ic_lua_setfuncs(L, functions);
}
