#include "lua/json_encode.h"
#include "core/base/alloc.h"
#include "core/http/body.h"
#include "core/json/json.h"
#include "core/json/json_tape_read.h"
#include "core/json/json_text.h"
#include "core/json/json_write.h"
#include "lua/file.h"
#include "lua/json_decode.h"
#include "lua/metatable.h"
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOX_TYPE "ironclad.json"
/* Bytes of text for which memory is reserved at first. */
#define ENCODE_ROOM 500
/* Stack slots are checked for that many nested tables at once. */
#define ENCODE_DEPTH 8
/* Names of members that are remembered; a power of two. */
#define ENCODE_NAMES 64

/* A table that is being written, and the position in it. */
typedef struct level {
    const struct level *up;
    const void *table;
    size_t depth; /* from 1 */
    size_t index; /* of the item; 0: it is a member, whose name is on the stack at: */
    int name;
} level;

/* Where a name has been written, with its quotes and colon. Objects of a list have the same names, and Lua
 * has a short string only once: the same place holds the same bytes, as long as no Lua code runs. */
typedef struct written_name {
    const char *name; /* NULL: none */
    size_t at, length;
} written_name;

typedef struct encoder {
    lua_State *L;
    ic_json_box *box;
    ic_buf *text;
    const ic_json_rules *rules;
    const void *array_type, *file_type; /* metatables */
    written_name names[ENCODE_NAMES];
} encoder;

/* ---- the box ---- */

void ic_lua_clear_json_box(ic_json_box *box) {
    ic_buf_free(&box->text);
    cJSON_Delete(box->tree);
    box->tree = NULL;
    ic_parts_free(&box->parts);
}

static int encode_gc(lua_State *L) {
    ic_lua_clear_json_box(lua_touserdata(L, 1));
    return 0;
}

ic_json_box *ic_lua_push_json_box(lua_State *L) {
    ic_json_box *box = lua_newuserdata(L, sizeof *box);
    *box = (ic_json_box){0};
    luaL_getmetatable(L, BOX_TYPE);
    lua_setmetatable(L, -2);
    return box;
}

/* ---- messages ---- */

typedef struct path {
    char text[256];
    size_t length;
    bool cut;
} path;

__attribute__((format(printf, 2, 3))) static void encode_path_add(path *p, const char *format, ...) {
    static const char ellipsis[] = "…";
    if (p->cut) return;
    size_t room = sizeof p->text - p->length - sizeof ellipsis;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(p->text + p->length, room, format, values);
    va_end(values);
    p->cut = length < 0 || (size_t)length >= room;
    if (p->cut)
        memcpy(p->text + p->length, ellipsis, sizeof ellipsis);
    else
        p->length += (size_t)length;
}

static void encode_path_add_name(path *p, const char *name) {
    size_t plain = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    if (plain && !name[plain] && (*name < '0' || *name > '9'))
        encode_path_add(p, p->length ? ".%s" : "%s", name);
    else
        encode_path_add(p, "[\"%s\"]", name);
}

static void encode_path_of(path *p, const encoder *e, const level *in) {
    if (!in) {
        encode_path_add(p, "%s", e->rules->root ? e->rules->root : "");
        return;
    }
    encode_path_of(p, e, in->up);
    if (in->index)
        encode_path_add(p, "[%zu]", in->index);
    else
        encode_path_add_name(p, lua_tostring(e->L, in->name));
}

/* Throws an error about the value that is being written in `in` (NULL: about the whole value). */
__attribute__((cold, noreturn, format(printf, 3, 4))) static void encode_refuse(encoder *e, const level *in,
                                                                                const char *format, ...) {
    path p = {0};
    encode_path_of(&p, e, in);
    for (char *c = p.text; *c; c++)
        if ((unsigned char)*c < ' ') *c = '?';
    char reason[160];
    va_list values;
    va_start(values, format);
    vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    ic_lua_clear_json_box(e->box);
    luaL_error(e->L, "%s: %s", *p.text ? p.text : "value", reason);
    abort(); /* luaL_error does not return */
}

/* Refuses the key at -2 of the table `at`, which is read as a list. */
__attribute__((noreturn)) static void encode_refuse_key(encoder *e, const level *at, bool list, bool marked) {
    static const char neither[] = "neither a list nor an object";
    lua_State *L = e->L;
    int type = lua_type(L, -2);
    if (type == LUA_TSTRING && marked)
        encode_refuse(e, at->up, "marked as an array, but it has names as keys");
    if (type == LUA_TNUMBER && list)
        encode_refuse(e, at->up, "%s: %.14g is a key", neither, lua_tonumber(L, -2));
    if (type != LUA_TNUMBER && type != LUA_TSTRING)
        encode_refuse(e, at->up, "%s: a %s is a key", neither, lua_typename(L, type));
    encode_refuse(e, at->up, "%s: it has names and numbers as keys", neither);
}

/* ---- values ---- */

static void encode_value(encoder *e, const level *in);

/* Refuses the string at `index` if it has invalid UTF-8 at the offset `bad`, or a NUL before that when
 * none is allowed. */
__attribute__((cold)) static void encode_check_text(encoder *e, const level *in, int index, size_t bad,
                                                    const char *what) {
    size_t length;
    const char *text = lua_tolstring(e->L, index, &length);
    const char *nul = e->rules->no_nul ? memchr(text, '\0', bad < length ? bad : length) : NULL;
    if (nul) encode_refuse(e, in, "%s holds a NUL character at byte %zu", what, (size_t)(nul - text) + 1);
    if (bad < length) encode_refuse(e, in, "%s holds invalid UTF-8 at byte %zu", what, bad + 1);
}

/* Writes the string at `index`. */
static inline void encode_text(encoder *e, const level *in, int index, const char *what) {
    size_t length, bad = SIZE_MAX;
    const char *text = lua_tolstring(e->L, index, &length);
    if (!ic_json_write_text(e->text, text, length, &bad) || e->rules->no_nul)
        encode_check_text(e, in, index, bad, what);
}

static inline void encode_word(ic_buf *text, const char *word) {
    for (; *word; word++)
        ic_json_write_byte(text, *word);
}

static void encode_number(encoder *e, const level *in) {
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(e->L, -1)) {
        ic_json_write_integer(e->text, lua_tointeger(e->L, -1));
        return;
    }
#endif
    double value = lua_tonumber(e->L, -1);
    if (!isfinite(value))
        encode_refuse(e, in, "%s cannot be written as JSON", isnan(value) ? "NaN" : "infinity");
    ic_json_write_real(e->text, value);
}

/* ---- lists and objects: the table is at -3, a key at -2 and its value at -1 ---- */

/* Writes the name at -2, after a comma or brace, with its colon. */
static inline void encode_name(encoder *e, const level *at, char before) {
    size_t length, bad = SIZE_MAX;
    ic_buf *text = e->text;
    const char *name = lua_tolstring(e->L, -2, &length);
    written_name *known = &e->names[((uintptr_t)name >> 5) & (ENCODE_NAMES - 1)];
    ic_json_write_byte(text, before);
    if (known->name == name && text->capacity - text->length > known->length + 8) {
        char *to = text->data + text->length;
        const char *from = text->data + known->at;
        /* Up to seven bytes more than the name, which the next text overwrites; the two places may overlap.
         */
        for (size_t i = 0; i < known->length; i += 8)
            memmove(to + i, from + i, 8);
        text->length += known->length;
        return;
    }
    size_t start = text->length;
    if (!ic_json_write_text(text, name, length, &bad) || e->rules->no_nul)
        encode_check_text(e, at->up, -2, bad, "a key");
    ic_json_write_byte(text, ':');
    if (!text->failed) *known = (written_name){name, start, text->length - start};
}

static void encode_object(encoder *e, level *at) {
    lua_State *L = e->L;
    char before = '{';
    at->name = lua_gettop(L) - 1;
    do {
        if (lua_type(L, -2) != LUA_TSTRING) encode_refuse_key(e, at, false, false);
        encode_name(e, at, before);
        encode_value(e, at);
        lua_pop(L, 1);
        before = ',';
    } while (lua_next(L, -2));
    ic_json_write_byte(e->text, '}');
}

/* The number of items of the list at the top. Keys that are not an index are refused here, gaps later. */
static size_t encode_count(encoder *e, const level *at, bool marked) {
    lua_State *L = e->L;
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        if (key < 1 || key != floor(key)) encode_refuse_key(e, at, true, marked);
        count++;
    }
    if (count > IC_JSON_MAX_VALUES) encode_refuse(e, at->up, "more than %d values", IC_JSON_MAX_VALUES);
    return count;
}

/* Writes the items of a list from `at->index` on, by index, because lua_next does not return its keys in
 * order. */
static void encode_rest(encoder *e, level *at, bool marked) {
    lua_State *L = e->L;
    size_t count = encode_count(e, at, marked);
    for (; at->index <= count; at->index++) {
        lua_rawgeti(L, -1, (int)at->index);
        if (lua_isnil(L, -1))
            encode_refuse(e, at->up, "neither a list nor an object: [%zu] is missing", at->index);
        ic_json_write_byte(e->text, at->index == 1 ? '[' : ',');
        encode_value(e, at);
        lua_pop(L, 1);
    }
}

/* lua_next returns the array part of a table in order, so these items are written without a look-up. */
static void encode_list(encoder *e, level *at, bool marked) {
    lua_State *L = e->L;
    for (at->index = 1;; at->index++) {
        if (lua_type(L, -2) != LUA_TNUMBER || lua_tonumber(L, -2) != (lua_Number)at->index) {
            lua_pop(L, 2);
            encode_rest(e, at, marked);
            break;
        }
        ic_json_write_byte(e->text, at->index == 1 ? '[' : ',');
        encode_value(e, at);
        lua_pop(L, 1);
        if (!lua_next(L, -2)) break;
    }
    ic_json_write_byte(e->text, ']');
}

/* ---- tables ---- */

/* Adds the file at the top of the stack to the box's parts. Returns its index, or -1 when out of memory. */
static long encode_add_part(encoder *e, const level *in) {
    lua_State *L = e->L;
    int top = lua_gettop(L);
    memset(e->names, 0, sizeof e->names); /* new strings may have set off finalizers */
    const char *fault = ic_lua_push_file_fields(L, -1);
    if (fault) encode_refuse(e, in, "file: %s", fault);
    size_t length = 0;
    const char *path = lua_tostring(L, top + 1), *data = lua_tolstring(L, top + 2, &length);
    const char *filename = lua_tostring(L, top + 3), *content_type = lua_tostring(L, top + 4);
    long index = ic_parts_add(&e->box->parts, path, data, length, filename, content_type);
    lua_settop(L, top);
    if (index < 0) e->text->failed = true;
    return index;
}

/* {"file": the name of its part} (OpenAPI: FileUploadModel). */
static void encode_file(encoder *e, const level *in) {
    if (e->rules->no_file) encode_refuse(e, in, "%s", e->rules->no_file);
    long index = encode_add_part(e, in);
    char **name = index < 0 ? NULL : &e->box->parts.items[index].name, text[32];
    snprintf(text, sizeof text, "file%ld", index + 1);
    if (name && !(*name = ic_strdup(text))) e->text->failed = true;
    ic_buf_printf(e->text, "{\"file\":\"%s\"}", text);
}

/* Whether the text at the top of the stack is one JSON number. When out of memory, the buffer has failed. */
static bool encode_is_number(encoder *e) {
    size_t length;
    const char *text = lua_tolstring(e->L, -1, &length);
    ic_tape tape = {0};
    ic_error error = {0};
    bool number = length && text[length - 1] > ' ' && (*text == '-' || (*text >= '0' && *text <= '9')) &&
                  ic_tape_read(&tape, text, length, &error);
    bool known = error.kind != IC_ERR_MEMORY;
    if (!known) e->text->failed = true;
    ic_tape_free(&tape);
    ic_error_clear(&error);
    return number || !known;
}

/* Writes a table as one text or number. The function of that name in the metatable at the top returns a
 * Lua string for the table below it. False: there is no such function, and the stack is unchanged. */
static bool encode_by(encoder *e, const level *in, const char *name, bool number) {
    lua_State *L = e->L;
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    if (!lua_isfunction(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    lua_pushvalue(L, -3);
    lua_call(L, 1, 1);
    memset(e->names, 0, sizeof e->names); /* strings may have been collected */
    if (lua_type(L, -1) != LUA_TSTRING || (number && !encode_is_number(e)))
        encode_refuse(e, in, "%s gave a %s, not a %s", name, luaL_typename(L, -1),
                      number ? "number's digits" : "text");
    if (number)
        ic_buf_puts(e->text, lua_tostring(L, -1));
    else
        encode_text(e, in, -1, "the text");
    lua_pop(L, 2);
    return true;
}

static void encode_table(encoder *e, const level *in) {
    lua_State *L = e->L;
    size_t depth = in ? in->depth + 1 : 1;
    if (depth % ENCODE_DEPTH == 1) luaL_checkstack(L, 4 * ENCODE_DEPTH + 4, "nested tables");
    bool marked = false;
    if (lua_getmetatable(L, -1)) {
        const void *type = lua_topointer(L, -1);
        marked = type == e->array_type;
        if (type == e->file_type) {
            lua_pop(L, 1);
            encode_file(e, in);
            return;
        }
        if (!marked && (encode_by(e, in, "__as_text", false) || encode_by(e, in, "__as_number", true)))
            return;
        lua_pop(L, 1);
    }

    level at = {.up = in, .table = lua_topointer(L, -1), .depth = depth};
    for (const level *above = in; above; above = above->up)
        if (above->table == at.table) encode_refuse(e, in, "the table contains itself");
    if (depth > IC_JSON_MAX_DEPTH) encode_refuse(e, in, "nested deeper than %d", IC_JSON_MAX_DEPTH);

    lua_pushnil(L);
    if (!lua_next(L, -2))
        ic_buf_puts(e->text, marked ? "[]" : "{}"); /* an empty table is an object */
    else if (lua_type(L, -2) == LUA_TSTRING && !marked)
        encode_object(e, &at);
    else
        encode_list(e, &at, marked);
}

/* Writes the value at the top of the stack, which stays there. */
static void encode_value(encoder *e, const level *in) {
    lua_State *L = e->L;
    if (++e->box->values > IC_JSON_MAX_VALUES)
        encode_refuse(e, in, "more than %d values", IC_JSON_MAX_VALUES);
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: encode_text(e, in, -1, "the text"); return;
    case LUA_TNUMBER: encode_number(e, in); return;
    case LUA_TBOOLEAN: encode_word(e->text, lua_toboolean(L, -1) ? "true" : "false"); return;
    case LUA_TTABLE: encode_table(e, in); return;
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(L, -1)) {
            ic_buf_puts(e->text, "null");
            return;
        }
    }
    encode_refuse(e, in, "a value of type %s cannot be written as JSON", luaL_typename(L, -1));
}

static encoder encode_begin(lua_State *L, const ic_json_rules *rules, ic_json_box *box) {
    encoder e = {.L = L, .box = box, .text = &box->text, .rules = rules};
    luaL_checkstack(L, 4 * ENCODE_DEPTH + 10, "a value");
    luaL_getmetatable(L, IC_ARRAY_TYPE);
    luaL_getmetatable(L, IC_FILE_TYPE);
    e.array_type = lua_topointer(L, -2);
    e.file_type = lua_topointer(L, -1);
    lua_pop(L, 2); /* the registry keeps them */
    return e;
}

__attribute__((noreturn)) static void encode_no_memory(encoder *e) {
    ic_lua_clear_json_box(e->box);
    luaL_error(e->L, "not enough memory");
    abort();
}

void ic_lua_write_json(lua_State *L, const ic_json_rules *rules, ic_json_box *box) {
    encoder e = encode_begin(L, rules, box);
    ic_buf_reserve(e.text, ENCODE_ROOM);
    encode_value(&e, NULL);
    if (box->text.failed) encode_no_memory(&e);
}

int ic_lua_json_encode(lua_State *L) {
    static const ic_json_rules rules = {.no_file = "a file is not allowed here"};
    luaL_checkany(L, 1);
    ic_lua_check_alone(L, "ironclad.json.encode");
    ic_json_box *box = ic_lua_push_json_box(L);
    lua_pushvalue(L, 1);
    ic_lua_write_json(L, &rules, box);
    lua_pushlstring(L, box->text.data, box->text.length);
    ic_lua_clear_json_box(box);
    return 1;
}

/* ---- fields of a body ---- */

/* Makes a node of what was written. Tables, and texts that a C string cannot hold, become raw JSON. NULL
 * when out of memory. */
static cJSON *encode_node(const ic_buf *text, bool tree) {
    bool table = strchr("[{", text->data[0]), nul = strstr(text->data, "\\u0000");
    if (tree || !(table || nul)) return ic_json_parse(text->data, text->length, NULL);
    cJSON *node = cJSON_CreateNull();
    if (!node) return NULL;
    node->type = cJSON_Raw;
    node->valuestring = cJSON_malloc(text->length + 1);
    if (node->valuestring) return memcpy(node->valuestring, text->data, text->length + 1), node;
    cJSON_Delete(node);
    return NULL;
}

/* Reads the field of the table `at` whose name is at -2 and whose value is at -1. */
static cJSON *encode_field(encoder *e, const level *at, bool tree) {
    lua_State *L = e->L;
    bool file = lua_istable(L, -1) && lua_getmetatable(L, -1);
    if (file) {
        file = lua_topointer(L, -1) == e->file_type;
        lua_pop(L, 1);
    }
    if (file && e->rules->no_file) {
        long index = encode_add_part(e, at);
        cJSON *node = index < 0 ? NULL : cJSON_CreateNull();
        if (node) node->type = IC_JSON_FILE, node->valueint = (int)index;
        return node;
    }
    ic_json_rules rules = *e->rules;
    rules.no_nul |= tree;
    encoder inner = *e;
    inner.rules = &rules;
    e->text->length = 0;
    encode_value(&inner, at);
    return e->text->failed ? NULL : encode_node(e->text, tree);
}

bool ic_lua_read_fields(lua_State *L, const ic_json_rules *rules, const ic_operation *operation,
                        ic_json_box *box) {
    encoder e = encode_begin(L, rules, box);
    level at = {.table = lua_topointer(L, -1), .depth = 1, .name = lua_gettop(L) + 1};
    if (!(box->tree = cJSON_CreateObject())) encode_no_memory(&e);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        size_t length, bad;
        if (lua_type(L, -2) != LUA_TSTRING) {
            lua_pop(L, 2);
            return false;
        }
        const char *name = lua_tolstring(L, -2, &length);
        if (!ic_utf8_valid(name, length, &bad))
            encode_refuse(&e, NULL, "a key holds %s at byte %zu",
                          name[bad] ? "invalid UTF-8" : "a NUL character", bad + 1);
        cJSON *node = encode_field(&e, &at, operation && ic_body_reads(operation, name));
        if (node && cJSON_AddItemToObject(box->tree, name, node)) continue;
        cJSON_Delete(node);
        encode_no_memory(&e);
    }
    return true;
}

void ic_lua_open_encode(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", encode_gc}, {NULL, NULL}};
    ic_lua_make_type(L, BOX_TYPE, metamethods, NULL);
}
