/* JSON as cJSON trees, for documents that the core itself reads and changes. An answer that goes to Lua stays
 * a tape (json_tape.h). */
#ifndef IC_JSON_H
#define IC_JSON_H

#include "core/base/error.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* A node that stands for a file: `valueint` is its index among the call's files (parts.h). It is freed like
 * any other. */
#define IC_JSON_FILE (1 << 16)

/* Parses `length` bytes (no NUL needed). Strict RFC 8259 in valid UTF-8, at most IC_JSON_MAX_DEPTH deep
 * and IC_JSON_MAX_VALUES values (json_tape.h), a leading byte order mark skipped. Lone surrogates and invalid
 * UTF-8 become U+FFFD. In a tree `\u0000` does, too, because a C string cannot hold it. An integer beyond
 * 2^53 is a number with its digits in `valuestring`; one beyond 64 bits, or a number beyond the range of a
 * double, is a string of its digits. Returns the tree (free with cJSON_Delete), or NULL with PROTOCOL ("…
 * at byte N"), TOO_LARGE (depth, values) or MEMORY in `error`. Thread-safe, and independent of the locale. */
cJSON *ic_json_parse(const char *text, size_t length, ic_error *error);

/* Prints without white space. A number with a `valuestring` is printed as that. Free with ic_json_text_free
 * (or ic_free). NULL: out of memory, or the tree holds a node that is not JSON (a file). */
char *ic_json_print(const cJSON *tree);
void ic_json_text_free(char *text);

/* A number node for any 64-bit integer, exact even beyond 2^53. NULL: out of memory. */
cJSON *ic_json_integer(long long value);

/* The string at object[name]; NULL when it is missing or not a string. Names are case-sensitive. */
const char *ic_json_string(const cJSON *object, const char *name);
/* What a value is, with its article, for messages. An object is "a table". */
const char *ic_json_type(const cJSON *value);
/* The member object[name], case-sensitive; NULL when it is missing, or `object` is NULL or not an object. */
cJSON *ic_json_member(const cJSON *object, const char *name);

#endif
