/* The state of the JSON encoder, which has two files: what it writes (json_encode.c), and what it refuses
 * (json_refuse.c). */
#ifndef IC_LUA_JSON_ENCODER_H
#define IC_LUA_JSON_ENCODER_H

#include "lua/json_box.h"
#include <stdint.h>

/* Names of members that are remembered; a power of two. */
#define IC_ENCODER_NAMES 256

/* A table that is being written, and the position in it. */
typedef struct ic_json_level {
    const struct ic_json_level *up;
    size_t depth; /* from 1 */
    size_t index; /* of the item; 0: it is a member, whose name is behind the table: */
    int table;    /* on the stack */
} ic_json_level;

/* Where a name has been written: a comma or brace, the name in quotes and a colon. Objects of a list have the
 * same names, and Lua has a short string only once: the same place holds the same bytes, as long as no Lua
 * code runs. */
typedef struct ic_written_name {
    const void *key; /* the Lua string; NULL: none */
    uint32_t at, length;
} ic_written_name;

/* Functions that write take the place where the next byte goes, and return that of the byte after theirs.
 * Memory is checked before each write, so that none is needed for a last byte: a comma or brace, or a NUL. */
typedef struct ic_json_encoder {
    lua_State *L;
    ic_json_box *box; /* the length of its text is set by encode_close */
    const char *end;  /* of the memory of its text */
    size_t values;    /* may still be written */
    const ic_json_rules *rules;
    const void *array_type, *file_type; /* metatables */
    ic_written_name names[IC_ENCODER_NAMES];
} ic_json_encoder;

/* The level from the outermost to `in` whose table is that of one above; NULL: none. */
const ic_json_level *ic_encoder_find_cycle(const ic_json_encoder *e, const ic_json_level *in);

/* Clears the box and throws an error about the value that is being written in `in` (NULL: about the whole
 * value). In a table that contains itself the error is that: it may have been written some times before
 * something else is wrong. */
__attribute__((cold, noreturn, format(printf, 3, 4))) void
ic_encoder_refuse(ic_json_encoder *e, const ic_json_level *in, const char *format, ...);

/* Refuses the key at -2 of the table `at`, which is read as a list. */
__attribute__((cold, noreturn)) void ic_encoder_refuse_key(ic_json_encoder *e, const ic_json_level *at,
                                                           bool list, bool marked);

#endif
