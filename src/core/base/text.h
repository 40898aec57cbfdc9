/* Text: near misses of names, percent-encoding, comparison. */
#ifndef IC_TEXT_H
#define IC_TEXT_H

#include "core/base/buf.h"
#include <stdbool.h>
#include <stddef.h>

/* Finds the candidate nearest to a misspelt name, by edit distance with transpositions, ignoring ASCII case.
 * Start with {.wanted = name} and offer all candidates. `best` stays NULL when none is near enough. */
typedef struct ic_nearest {
    const char *wanted, *best;
    int distance;
} ic_nearest;
/* `candidate` must outlive the search: `best` points to it. */
void ic_nearest_offer(ic_nearest *search, const char *candidate);
/* The end of a message about a wrong name, in `hint`: the name that was probably meant; "" when `nearest` is
 * NULL. */
#define IC_HINT_SIZE 256
const char *ic_nearest_hint(char hint[IC_HINT_SIZE], const char *nearest);

/* Appends text, percent-encoded for a path segment or a query value: all bytes except RFC 3986's unreserved
 * ones. */
void ic_percent_encode(ic_buf *out, const char *text, size_t length);
/* The value of a hexadecimal digit, or -1. */
int ic_hex_value(char digit);
/* Percent-decodes in place. An escape that is not valid stays as it is. false: the result would contain a
 * NUL. */
bool ic_percent_decode(char *text);
/* Whether text is allowed in a header: it holds no control characters. */
bool ic_header_safe(const char *text);
/* Appends text so that a terminal and a log show it as one line: control characters (C0, DEL, C1), line and
 * paragraph separators, characters that change the direction of text, and bytes that are not UTF-8 are
 * written as escapes (\n, \x1B, \u2028). When more than `limit` bytes would be appended, it ends with "…". */
void ic_text_escape(ic_buf *out, const char *text, size_t length, size_t limit);
/* Whether ic_text_escape would change the text. */
bool ic_text_needs_escape(const char *text);
/* Whether it holds nothing but spaces and tabs, which HTTP removes at the ends of a header's value. */
bool ic_text_is_blank(const char *text);
bool ic_text_starts(const char *text, const char *prefix);
/* ASCII case-insensitive comparison. */
bool ic_text_same(const char *a, const char *b);

#endif
