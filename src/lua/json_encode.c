#include "lua/json_encode.h"
#include "core/base/alloc.h"
#include "core/http/body.h"
#include "core/json/json.h"
#include "core/json/json_tape_read.h"
#include "core/json/json_text.h"
#include "core/json/json_write.h"
#include "lua/file.h"
#include "lua/json_decode.h"
#include "lua/json_encoder.h"
#include "lua/metatable.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of text for which memory is reserved at first: json.encode takes as many as its last text had, within
 * these limits. */
#define ENCODE_ROOM      500
#define ENCODE_MOST_ROOM 65536
/* The stack, the depth and cycles are checked for that many nested tables at once. */
#define ENCODE_DEPTH 8

/* ---- memory ---- */

__attribute__((cold, noreturn)) static void encode_no_memory(ic_json_encoder *e) {
    ic_lua_clear_json_box(e->box);
    luaL_error(e->L, "not enough memory");
    abort();
}

/* Makes the text in the buffer end at `to`. */
static void encode_close(ic_json_encoder *e, char *to) {
    ic_buf *text = &e->box->text;
    text->length = (size_t)(to - text->data);
    *to = '\0';
}

/* Returns the end of the text in the buffer, after functions that append to a buffer. */
static char *encode_open(ic_json_encoder *e) {
    ic_buf *text = &e->box->text;
    if (text->failed) encode_no_memory(e);
    e->end = text->data + text->capacity;
    return text->data + text->length;
}

__attribute__((cold, noinline)) static char *encode_grow(ic_json_encoder *e, char *to, size_t count) {
    e->box->text.length = (size_t)(to - e->box->text.data);
    ic_buf_reserve(&e->box->text, count);
    return encode_open(e);
}

/* Makes sure that there are `count` bytes from `to` on, and one more. */
static inline char *encode_room(ic_json_encoder *e, char *to, size_t count) {
    return (size_t)(e->end - to) > count ? to : encode_grow(e, to, count);
}

/* ---- values ---- */

static char *encode_table(ic_json_encoder *e, const ic_json_level *in, char *to);

/* Writes a string with characters beyond ASCII or escapes. Refuses invalid UTF-8, and NUL where the rules say
 * so. */
__attribute__((noinline)) static char *encode_rare_text(ic_json_encoder *e, const ic_json_level *in, char *to,
                                                        int index, const char *what) {
    size_t length, bad = SIZE_MAX;
    const char *text = lua_tolstring(e->L, index, &length);
    encode_close(e, to);
    bool valid = ic_json_write_text(&e->box->text, text, length, &bad);
    const char *nul = e->rules->no_nul ? memchr(text, '\0', valid ? length : bad) : NULL;
    if (nul) ic_encoder_refuse(e, in, "%s holds a NUL character at byte %zu", what, (size_t)(nul - text) + 1);
    if (!valid) ic_encoder_refuse(e, in, "%s holds invalid UTF-8 at byte %zu", what, bad + 1);
    return encode_open(e);
}

/* Writes the string at `index`. */
static inline char *encode_text(ic_json_encoder *e, const ic_json_level *in, char *to, int index,
                                const char *what) {
    size_t length;
    const char *text = lua_tolstring(e->L, index, &length);
    to = encode_room(e, to, length + 2); /* quotes */
    char *end = ic_json_put_plain(to, text, length);
    return end ? end : encode_rare_text(e, in, to, index, what);
}

static inline char *encode_word(ic_json_encoder *e, char *to, const char *word, size_t length) {
    return (char *)memcpy(encode_room(e, to, length), word, length) + length;
}

static char *encode_number(ic_json_encoder *e, const ic_json_level *in, char *to) {
    ic_buf *text = &e->box->text;
    text->length = (size_t)(to - text->data);
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(e->L, -1)) {
        ic_json_write_integer(text, lua_tointeger(e->L, -1));
        return encode_open(e);
    }
#endif
    double value = lua_tonumber(e->L, -1);
    if (!isfinite(value))
        ic_encoder_refuse(e, in, "%s cannot be written as JSON", isnan(value) ? "NaN" : "infinity");
    ic_json_write_real(text, value);
    return encode_open(e);
}

/* Writes the value at the top of the stack, which stays there. */
__attribute__((always_inline)) static inline char *encode_value(ic_json_encoder *e, const ic_json_level *in,
                                                                char *to) {
    lua_State *L = e->L;
    if (!e->values--) ic_encoder_refuse(e, in, "more than %d values", IC_JSON_MAX_VALUES);
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: return encode_text(e, in, to, -1, "the text");
    case LUA_TTABLE: return encode_table(e, in, to);
    case LUA_TNUMBER: return encode_number(e, in, to);
    case LUA_TBOOLEAN:
        return lua_toboolean(L, -1) ? encode_word(e, to, "true", 4) : encode_word(e, to, "false", 5);
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(L, -1)) return encode_word(e, to, "null", 4);
    }
    ic_encoder_refuse(e, in, "a value of type %s cannot be written as JSON", luaL_typename(L, -1));
}

/* ---- lists and objects: the table is at -3, a key at -2 and its value at -1 ---- */

/* What tells the key at -2 from all others: the address of the Lua string itself (lua_topointer). Lua 5.1
 * and 5.3 do not tell it, so there it is the address of the string's text. NULL: the key is no string. */
static inline const void *encode_key(lua_State *L) {
#if LUA_VERSION_NUM >= 504 || defined(LUAJIT_VERSION)
    return lua_topointer(L, -2);
#else
    return lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
#endif
}

/* Writes a name after a comma or brace, and remembers it in the place of `known`. */
__attribute__((noinline)) static char *encode_new_name(ic_json_encoder *e, const ic_json_level *at,
                                                       ic_written_name *known, char *to, char before) {
    if (lua_type(e->L, -2) != LUA_TSTRING) ic_encoder_refuse_key(e, at, false, false);
    size_t start = (size_t)(to - e->box->text.data);
    to = encode_room(e, to, 1);
    *to++ = before;
    to = encode_text(e, at->up, to, -2, "a key");
    to = encode_room(e, to, 1);
    *to++ = ':';
    size_t length = (size_t)(to - e->box->text.data) - start;
    if (start <= UINT32_MAX && length <= UINT32_MAX)
        *known = (ic_written_name){encode_key(e->L), (uint32_t)start, (uint32_t)length};
    return to;
}

/* Writes the name at -2 with its colon, after `before`: a comma or brace. */
static inline char *encode_name(ic_json_encoder *e, const ic_json_level *at, char *to, char before) {
    const void *key = encode_key(e->L);
    size_t place =
        (uint32_t)((uintptr_t)key >> 4) * (uint32_t)0x9E3779B1 / (UINT32_MAX / IC_ENCODER_NAMES + 1);
    ic_written_name *known = &e->names[place];
    if (known->key && known->key != key) known = &e->names[place ^ 1];
    if (!key || known->key != key || (size_t)(e->end - to) <= known->length + 16)
        return encode_new_name(e, at, known, to, before);
    const char *from = e->box->text.data + known->at;
    char *end = to + known->length;
    /* Up to 15 bytes more than the name, which the next text overwrites; the two places may overlap. */
    memmove(to, from, 16);
    for (size_t i = 16; i < known->length; i += 16)
        memmove(to + i, from + i, 16);
    *to = before;
    return end;
}

static char *encode_object(ic_json_encoder *e, ic_json_level *at, char *to) {
    lua_State *L = e->L;
    char before = '{';
    do {
        to = encode_name(e, at, to, before);
        to = encode_value(e, at, to);
        lua_pop(L, 1);
        before = ',';
    } while (lua_next(L, -2));
    to = encode_room(e, to, 1);
    *to++ = '}';
    return to;
}

/* The number of items of the list at the top. Keys that are not an index are refused here, gaps later. */
static size_t encode_count(ic_json_encoder *e, const ic_json_level *at, bool marked) {
    lua_State *L = e->L;
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        if (key < 1 || key != floor(key)) ic_encoder_refuse_key(e, at, true, marked);
        count++;
    }
    if (count > IC_JSON_MAX_VALUES) ic_encoder_refuse(e, at->up, "more than %d values", IC_JSON_MAX_VALUES);
    return count;
}

/* Writes an item of a list, after a comma or bracket. */
static inline char *encode_item(ic_json_encoder *e, const ic_json_level *at, char *to) {
    to = encode_room(e, to, 1);
    *to++ = at->index == 1 ? '[' : ',';
    return encode_value(e, at, to);
}

/* Writes the items of a list from `at->index` on, by index, because lua_next does not return its keys in
 * order. */
static char *encode_rest(ic_json_encoder *e, ic_json_level *at, char *to, bool marked) {
    lua_State *L = e->L;
    size_t count = encode_count(e, at, marked);
    for (; at->index <= count; at->index++) {
        lua_rawgeti(L, -1, (int)at->index);
        if (lua_isnil(L, -1))
            ic_encoder_refuse(e, at->up, "neither a list nor an object: [%zu] is missing", at->index);
        to = encode_item(e, at, to);
        lua_pop(L, 1);
    }
    return to;
}

/* lua_next returns the array part of a table in order, so these items are written without a look-up. */
static char *encode_list(ic_json_encoder *e, ic_json_level *at, char *to, bool marked) {
    lua_State *L = e->L;
    for (at->index = 1;; at->index++) {
        if (lua_type(L, -2) != LUA_TNUMBER || lua_tonumber(L, -2) != (lua_Number)at->index) {
            lua_pop(L, 2);
            to = encode_rest(e, at, to, marked);
            break;
        }
        to = encode_item(e, at, to);
        lua_pop(L, 1);
        if (!lua_next(L, -2)) break;
    }
    to = encode_room(e, to, 1);
    *to++ = ']';
    return to;
}

/* ---- tables ---- */

/* Before Lua code may run, which may collect strings, so that another one has the place of a name. */
static void encode_forget_names(ic_json_encoder *e) {
    memset(e->names, 0, sizeof e->names);
}

/* Adds the file at the top of the stack to the box's parts. Returns its index. */
static size_t encode_add_part(ic_json_encoder *e, const ic_json_level *in) {
    lua_State *L = e->L;
    int top = lua_gettop(L);
    encode_forget_names(e);
    const char *fault = ic_lua_push_file_fields(L, -1);
    if (fault) ic_encoder_refuse(e, in, "file: %s", fault);
    size_t length = 0;
    const char *path = lua_tostring(L, top + 1), *data = lua_tolstring(L, top + 2, &length);
    const char *filename = lua_tostring(L, top + 3), *content_type = lua_tostring(L, top + 4);
    long index = ic_parts_add(&e->box->parts, path, data, length, filename, content_type);
    lua_settop(L, top);
    if (index < 0) encode_no_memory(e);
    return (size_t)index;
}

/* {"file": the name of its part} (OpenAPI: FileUploadModel). */
static char *encode_file(ic_json_encoder *e, const ic_json_level *in, char *to) {
    if (e->rules->no_file) ic_encoder_refuse(e, in, "%s", e->rules->no_file);
    size_t index = encode_add_part(e, in);
    char text[64];
    snprintf(text, sizeof text, "file%zu", index + 1);
    if (!(e->box->parts.items[index].name = ic_strdup(text))) encode_no_memory(e);
    int length = snprintf(text, sizeof text, "{\"file\":\"file%zu\"}", index + 1);
    return encode_word(e, to, text, (size_t)length);
}

/* Whether the text at the top of the stack is one JSON number. */
static bool encode_is_number(ic_json_encoder *e) {
    size_t length;
    const char *text = lua_tolstring(e->L, -1, &length);
    ic_tape tape = {0};
    ic_error error = {0};
    bool number = length && text[length - 1] > ' ' && (*text == '-' || (*text >= '0' && *text <= '9')) &&
                  ic_tape_read(&tape, text, length, &error);
    bool known = error.kind != IC_ERR_MEMORY;
    ic_tape_free(&tape);
    ic_error_clear(&error);
    if (!known) encode_no_memory(e);
    return number;
}

/* Writes a table as one text or number. The function of that name in the metatable at the top returns a
 * Lua string for the table below it. NULL: there is no such function, and the stack is unchanged. */
static char *encode_by(ic_json_encoder *e, const ic_json_level *in, char *to, const char *name, bool number) {
    lua_State *L = e->L;
    encode_forget_names(e);
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    if (!lua_isfunction(L, -1)) {
        lua_pop(L, 1);
        return NULL;
    }
    lua_pushvalue(L, -3);
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != LUA_TSTRING || (number && !encode_is_number(e)))
        ic_encoder_refuse(e, in, "%s gave a %s, not a %s", name, luaL_typename(L, -1),
                          number ? "number's digits" : "text");
    if (number) {
        size_t length;
        const char *digits = lua_tolstring(L, -1, &length);
        to = encode_word(e, to, digits, length);
    } else {
        to = encode_text(e, in, to, -1, "the text");
    }
    lua_pop(L, 2);
    return to;
}

/* A table with a metatable, which is at the top of the stack and popped, that stands for something else than
 * a list or an object. NULL: it does not, and `*marked` is whether it is marked as a list. */
static char *encode_special(ic_json_encoder *e, const ic_json_level *in, char *to, bool *marked) {
    lua_State *L = e->L;
    const void *type = lua_topointer(L, -1);
    char *end = NULL;
    *marked = type == e->array_type;
    if (type == e->file_type) {
        lua_pop(L, 1);
        return encode_file(e, in, to);
    }
    if (!*marked) {
        end = encode_by(e, in, to, "__as_text", false);
        if (!end) end = encode_by(e, in, to, "__as_number", true);
    }
    if (!end) lua_pop(L, 1);
    return end;
}

/* Checks a table that is more than ENCODE_DEPTH levels below one that was checked. Few documents are so deep.
 */
__attribute__((cold, noinline)) static void encode_check_depth(ic_json_encoder *e, const ic_json_level *at) {
    luaL_checkstack(e->L, 4 * ENCODE_DEPTH + 4, "nested tables");
    if (ic_encoder_find_cycle(e, at)) ic_encoder_refuse(e, at, "the table contains itself");
    if (at->depth > IC_JSON_MAX_DEPTH)
        ic_encoder_refuse(e, at->up, "nested deeper than %d", IC_JSON_MAX_DEPTH);
}

/* As encode_value. */
__attribute__((noinline)) static char *encode_table(ic_json_encoder *e, const ic_json_level *in, char *to) {
    lua_State *L = e->L;
    bool marked = false;
    if (lua_getmetatable(L, -1)) {
        char *end = encode_special(e, in, to, &marked);
        if (end) return end;
    }
    ic_json_level at = {.up = in, .depth = in ? in->depth + 1 : 1, .table = lua_gettop(L)};
    if (at.depth % ENCODE_DEPTH == 1) encode_check_depth(e, &at);

    lua_pushnil(L);
    if (!lua_next(L, -2))
        return encode_word(e, to, marked ? "[]" : "{}", 2); /* an empty table is an object */
    if (lua_type(L, -2) == LUA_TSTRING && !marked) return encode_object(e, &at, to);
    return encode_list(e, &at, to, marked);
}

static char *encode_begin(ic_json_encoder *e, lua_State *L, const ic_json_rules *rules, ic_json_box *box) {
    e->L = L;
    e->box = box;
    e->rules = rules;
    e->values = IC_JSON_MAX_VALUES - box->values;
    encode_forget_names(e);
    luaL_checkstack(L, 4 * ENCODE_DEPTH + 10, "a value");
    luaL_getmetatable(L, IC_ARRAY_TYPE);
    luaL_getmetatable(L, IC_FILE_TYPE);
    e->array_type = lua_topointer(L, -2);
    e->file_type = lua_topointer(L, -1);
    lua_pop(L, 2); /* the registry keeps them */
    size_t room = box->room < ENCODE_MOST_ROOM ? box->room : ENCODE_MOST_ROOM;
    ic_buf_reserve(&box->text, room > ENCODE_ROOM ? room : ENCODE_ROOM);
    return encode_open(e);
}

void ic_lua_write_json(lua_State *L, const ic_json_rules *rules, ic_json_box *box) {
    ic_json_encoder e;
    char *to = encode_begin(&e, L, rules, box);
    encode_close(&e, encode_value(&e, NULL, to));
    box->values = IC_JSON_MAX_VALUES - e.values;
}

/* Pushes a box: the one in the upvalue, which is then nil. A call inside another one makes its own. An error
 * leaves the box to the collector. */
static ic_json_box *encode_take_box(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushnil(L);
    lua_replace(L, lua_upvalueindex(1));
    ic_json_box *box = lua_touserdata(L, -1);
    return box ? box : ic_lua_push_json_box(L);
}

static int encode_json(lua_State *L) {
    static const ic_json_rules rules = {.no_file = "a file is not allowed here"};
    luaL_checkany(L, 1);
    ic_lua_check_alone(L, "ironclad.json.encode");
    lua_settop(L, 1);
    ic_json_box *box = encode_take_box(L);
    lua_insert(L, 1);
    lua_settop(L, 2);
    ic_lua_write_json(L, &rules, box);
    box->room = box->text.length;
    lua_pushlstring(L, box->text.data, box->text.length);
    ic_lua_clear_json_box(box);
    box->values = 0;
    lua_pushvalue(L, 1);
    lua_replace(L, lua_upvalueindex(1));
    return 1;
}

void ic_lua_push_json_encode(lua_State *L) {
    lua_pushnil(L);
    lua_pushcclosure(L, encode_json, 1);
}

/* ---- fields of a body ---- */

/* Makes a node of what was written. Tables, texts that a C string cannot hold, and numbers that cJSON cannot
 * hold become raw JSON. NULL when out of memory. */
static cJSON *encode_node(const ic_buf *text, bool tree) {
    char first = text->data[0];
    bool raw = !tree && (first == '[' || first == '{' || strstr(text->data, "\\u0000"));
    cJSON *node = raw ? cJSON_CreateNull() : ic_json_parse(text->data, text->length, NULL);
    bool digits = node && cJSON_IsString(node) && first != '"';
    if (!node || !(raw || (digits && !tree))) return node;
    cJSON_free(node->valuestring);
    node->type = cJSON_Raw;
    node->valuestring = cJSON_malloc(text->length + 1);
    if (node->valuestring) return memcpy(node->valuestring, text->data, text->length + 1), node;
    cJSON_Delete(node);
    return NULL;
}

/* Reads the field of the table `at` whose name is at -2 and whose value is at -1. */
static cJSON *encode_field(ic_json_encoder *e, const ic_json_level *at, bool tree) {
    lua_State *L = e->L;
    bool file = lua_istable(L, -1) && lua_getmetatable(L, -1);
    if (file) {
        file = lua_topointer(L, -1) == e->file_type;
        lua_pop(L, 1);
    }
    if (file && e->rules->no_file) {
        size_t index = encode_add_part(e, at);
        cJSON *node = cJSON_CreateNull();
        if (node) node->type = IC_JSON_FILE, node->valueint = (int)index;
        return node;
    }
    const ic_json_rules *outer = e->rules;
    ic_json_rules rules = *outer;
    rules.no_nul |= tree;
    e->rules = &rules;
    encode_forget_names(e);
    encode_close(e, encode_value(e, at, e->box->text.data));
    e->rules = outer;
    return encode_node(&e->box->text, tree);
}

bool ic_lua_read_fields(lua_State *L, const ic_json_rules *rules, const ic_operation *operation,
                        ic_json_box *box) {
    ic_json_encoder e;
    encode_begin(&e, L, rules, box);
    ic_json_level at = {.depth = 1, .table = lua_gettop(L)};
    if (!(box->tree = cJSON_CreateObject())) encode_no_memory(&e);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        size_t length, bad;
        if (lua_type(L, -2) != LUA_TSTRING) {
            lua_pop(L, 2);
            return false;
        }
        const char *name = lua_tolstring(L, -2, &length);
        if (!ic_utf8_valid(name, length, &bad))
            ic_encoder_refuse(&e, NULL, "a key holds %s at byte %zu",
                              name[bad] ? "invalid UTF-8" : "a NUL character", bad + 1);
        box->values = IC_JSON_MAX_VALUES - e.values;
        cJSON *node = encode_field(&e, &at, operation && ic_body_reads(operation, name));
        if (node && cJSON_AddItemToObject(box->tree, name, node)) continue;
        cJSON_Delete(node);
        encode_no_memory(&e);
    }
    return true;
}
