#include "lua/json_decode.h"
#include "core/json/json_tape_read.h"
#include "lua/metatable.h"
#include <stdio.h>

#define TAPE_TYPE "ironclad.tape"

#define MAX_INTEGER 9007199254740992LL /* 2^53: up to here a double holds every integer */

typedef struct decoder {
    lua_State *L;
    const ic_tape *tape;
    ic_kept_texts *kept; /* NULL: no text is kept */
    int array_type;      /* stack index, as those below */
    int digits_type;     /* 0: integers that no Lua number can hold are texts */
    int first_slot;      /* of IC_KEPT_TEXTS slots for the kept texts; 0: they are in `table` */
    int table;
} decoder;

static const uint64_t *decode_value(decoder *d, const uint64_t *word);

/* As ic_lua_push_tape. With the stack index of a metatable, an integer that no Lua number can hold becomes a
 * table { digits = … } of that type. */
static void decode_tape(lua_State *L, const ic_tape *tape, const uint64_t *word, int digits_type) {
    ic_kept_texts kept;
    decoder d = {.L = L, .tape = tape, .digits_type = digits_type};
    luaL_checkstack(L, IC_KEPT_TEXTS + 5, "JSON");
    luaL_getmetatable(L, IC_ARRAY_TYPE);
    d.array_type = lua_gettop(L);
    d.first_slot = d.array_type + 1;
    if (ic_tape_kind_of(*word) >= IC_TAPE_ARRAY) {
        kept = (ic_kept_texts){0};
        d.kept = &kept;
        lua_settop(L, d.array_type + IC_KEPT_TEXTS);
    }
    decode_value(&d, word);
    lua_replace(L, d.array_type);
    lua_settop(L, d.array_type);
}

void ic_lua_push_tape(lua_State *L, const ic_tape *tape, const uint64_t *word) {
    decode_tape(L, tape, word, 0);
}

const uint64_t *ic_lua_push_item(lua_State *L, const ic_tape *tape, const uint64_t *word, ic_kept_texts *kept,
                                 int table) {
    luaL_checkstack(L, 5, "JSON");
    luaL_getmetatable(L, IC_ARRAY_TYPE);
    decoder d = {.L = L, .tape = tape, .kept = kept, .array_type = lua_gettop(L), .table = table};
    word = decode_value(&d, word);
    lua_replace(L, d.array_type);
    return word;
}

static void decode_new_text(decoder *d, const uint64_t *word) {
    size_t length;
    const char *text = ic_tape_text(d->tape, word, &length);
    lua_pushlstring(d->L, text, length);
}

/* Pushes the text that is kept at a place. */
static void decode_push_kept(const decoder *d, int place) {
    if (d->first_slot)
        lua_pushvalue(d->L, d->first_slot + place);
    else
        lua_rawgeti(d->L, d->table, place + 1);
}

/* Keeps the text on the top of the stack at a place. */
static void decode_keep(const decoder *d, int place) {
    lua_pushvalue(d->L, -1);
    if (d->first_slot)
        lua_replace(d->L, d->first_slot + place);
    else
        lua_rawseti(d->L, d->table, place + 1);
}

static void decode_text(decoder *d, const uint64_t *word) {
    if (!d->kept || !(*word & IC_TAPE_SEEN)) {
        decode_new_text(d, word);
        return;
    }
    int place = (int)(*word * 0x9E3779B97F4A7C15 >> (64 - IC_KEPT_BITS));
    if (d->kept->words[place] == *word) {
        decode_push_kept(d, place);
        return;
    }
    decode_new_text(d, word);
    decode_keep(d, place);
    d->kept->words[place] = *word;
}

/* The digits of an integer that no Lua number can hold are at the top of the stack. */
static void decode_digits(const decoder *d) {
    lua_State *L = d->L;
    if (!d->digits_type) return;
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "digits");
    lua_pushvalue(L, d->digits_type);
    lua_setmetatable(L, -2);
}

static void decode_integer(const decoder *d, int64_t value) {
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(d->L, (lua_Integer)value);
#else
    char digits[24];
    if (value >= -MAX_INTEGER && value <= MAX_INTEGER) {
        lua_pushnumber(d->L, (lua_Number)value);
        return;
    }
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    lua_pushstring(d->L, digits);
    decode_digits(d);
#endif
}

static const uint64_t *decode_array(decoder *d, const uint64_t *word) {
    lua_State *L = d->L;
    int count = (int)ic_tape_count(word);
    luaL_checkstack(L, 4, "nested JSON");
    lua_createtable(L, count, 0);
    word++;
    for (int index = 1; index <= count; index++) {
        word = decode_value(d, word);
        lua_rawseti(L, -2, index);
    }
    lua_pushvalue(L, d->array_type);
    lua_setmetatable(L, -2);
    return word;
}

static const uint64_t *decode_object(decoder *d, const uint64_t *word) {
    lua_State *L = d->L;
    size_t count = ic_tape_count(word);
    luaL_checkstack(L, 4, "nested JSON");
    lua_createtable(L, 0, (int)count);
    word++;
    while (count--) {
        decode_text(d, word);
        word = decode_value(d, ic_tape_next(word));
        lua_rawset(L, -3);
    }
    return word;
}

/* Pushes the value at `word`; returns the first word after it. */
static const uint64_t *decode_value(decoder *d, const uint64_t *word) {
    lua_State *L = d->L;
    switch (ic_tape_kind_of(*word)) {
    case IC_TAPE_FALSE:
    case IC_TAPE_TRUE: lua_pushboolean(L, ic_tape_kind_of(*word) == IC_TAPE_TRUE); break;
    case IC_TAPE_INTEGER:
    case IC_TAPE_LONG_INTEGER: decode_integer(d, ic_tape_integer(word)); break;
    case IC_TAPE_REAL: lua_pushnumber(L, ic_tape_real(word)); break;
    case IC_TAPE_TEXT: decode_text(d, word); break;
    case IC_TAPE_DIGITS:
        decode_new_text(d, word);
        decode_digits(d);
        break;
    case IC_TAPE_ARRAY: return decode_array(d, word);
    case IC_TAPE_OBJECT: return decode_object(d, word);
    default: lua_pushlightuserdata(L, NULL);
    }
    return ic_tape_next(word);
}

/* ---- decode ---- */

static int decode_gc(lua_State *L) {
    ic_tape_free(lua_touserdata(L, 1));
    return 0;
}

int ic_lua_json_decode(lua_State *L) {
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 2);
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    ic_tape *tape = lua_newuserdata(L, sizeof *tape);
    *tape = (ic_tape){0};
    luaL_getmetatable(L, TAPE_TYPE);
    lua_setmetatable(L, -2);
    ic_error error = {0};
    if (ic_tape_read(tape, text, length, &error)) {
        decode_tape(L, tape, tape->words, lua_istable(L, 2) ? 2 : 0);
        ic_tape_free(tape);
        return 1;
    }
    char message[256]; /* copied, because all of the core's memory must be freed before Lua throws */
    snprintf(message, sizeof message, "%s", ic_error_message(&error));
    const char *kind = ic_error_kind_name(error.kind);
    ic_error_clear(&error);
    ic_tape_free(tape);
    lua_pushnil(L);
    lua_pushstring(L, message);
    lua_pushstring(L, kind);
    return 3;
}

void ic_lua_open_decode(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", decode_gc}, {NULL, NULL}};
    luaL_newmetatable(L, IC_ARRAY_TYPE);
    lua_pushstring(L, IC_ARRAY_TYPE);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
    ic_lua_make_type(L, TAPE_TYPE, metamethods, NULL);
}
