/* From a tape to Lua values. */
#ifndef IC_LUA_JSON_DECODE_H
#define IC_LUA_JSON_DECODE_H

#include "core/json/json_tape.h"
#include <lua.h>

/* The name of the metatable of arrays in the registry. */
#define IC_ARRAY_TYPE "ironclad.array"

/* Pushes the Lua value at a tape's word (never fails but for Lua's own memory errors, which it throws).
 * Tables get exact sizes; arrays get the array metatable; null is ironclad.null; if a name is repeated,
 * the last member counts. An integer that no Lua number can hold is a string of its digits. Does not own
 * the tape. */
void ic_lua_push_tape(lua_State *L, const ic_tape *tape, const uint64_t *word);

/* A cache of the texts that a tape has more than once: a Lua value is copied in less time than the Lua string
 * is made again. A text's word selects its place, and the latest text with that place is kept. */
#define IC_KEPT_BITS  7
#define IC_KEPT_TEXTS (1 << IC_KEPT_BITS)

typedef struct ic_kept_texts {
    uint64_t words[IC_KEPT_TEXTS]; /* what is kept at each place; 0: nothing */
} ic_kept_texts;

/* The same for one of many values of a tape. The texts that are kept for the next ones are in the table at
 * the stack index `table`, an array of IC_KEPT_TEXTS. Returns the first word after the value. */
const uint64_t *ic_lua_push_item(lua_State *L, const ic_tape *tape, const uint64_t *word, ic_kept_texts *kept,
                                 int table);

/* decode(text) -> the value, or nil, what is wrong, and its kind (error.h)
 * decode(text, metatable): an integer that no Lua number can hold becomes a table { digits = … } with it */
int ic_lua_json_decode(lua_State *L);

/* Creates the metatables (registry). */
void ic_lua_open_decode(lua_State *L);

#endif
