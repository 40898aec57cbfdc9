/* JSON, both ways, on cJSON: one strict pass before cJSON for what cJSON leaves out, and exact integers
 * after. */
#ifndef IC_JSON_H
#define IC_JSON_H

#include "core/base/error.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define IC_JSON_MAX_DEPTH  512
#define IC_JSON_MAX_VALUES 2000000

/* A node that stands for a file: `valueint` is its index among the call's files (parts.h). cJSON prints no
 * such node and frees it like any other. */
#define IC_JSON_FILE (1 << 16)

/* Parses `length` bytes (no NUL needed). Strict RFC 8259 in valid UTF-8, at most IC_JSON_MAX_DEPTH deep and
 * IC_JSON_MAX_VALUES values, a leading byte order mark skipped. What a double or a C string cannot hold comes
 * as text that can: an integer beyond 2^53 (or a number beyond the doubles) becomes a string of its digits,
 * `\u0000`, lone surrogates and invalid UTF-8 become U+FFFD. Returns the tree (free with cJSON_Delete), or
 * NULL with PROTOCOL ("… at byte N"), TOO_LARGE (depth, values) or MEMORY in `error`. Thread-safe. */
cJSON *ic_json_parse(const char *text, size_t length, ic_error *error);

/* Prints without white space. The text is cJSON's: free with ic_json_text_free. NULL: no memory, or the tree
 * holds a node that is not JSON (a file). */
char *ic_json_print(const cJSON *tree);
void ic_json_text_free(char *text);

/* A number node for any 64-bit integer, exact even beyond 2^53. NULL: no memory. */
cJSON *ic_json_integer(long long value);

/* The string at object[name], or NULL when it is missing or no string. Names are case-sensitive. */
const char *ic_json_string(const cJSON *object, const char *name);
/* The member object[name], case-sensitive; NULL when object is NULL or no object. */
cJSON *ic_json_member(const cJSON *object, const char *name);

/* Whether the bytes are valid UTF-8 without NUL; otherwise *bad is the first offending offset. */
bool ic_utf8_valid(const char *bytes, size_t length, size_t *bad);

#endif
