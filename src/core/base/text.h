/* Small questions about text. */
#ifndef IC_TEXT_H
#define IC_TEXT_H

#include "core/base/buf.h"
#include <stdbool.h>
#include <stddef.h>

/* Remembers the candidate nearest to a misspelt name (edit distance with transpositions, case-insensitive);
 * `best` stays NULL while none is near enough to be meant. Start from {.wanted = name}. */
typedef struct ic_nearest {
    const char *wanted, *best;
    int distance;
} ic_nearest;
void ic_nearest_offer(ic_nearest *search, const char *candidate);

/* Appends text percent-encoded for a path segment or a query value (RFC 3986: all but the unreserved). */
void ic_percent_encode(ic_buf *out, const char *text, size_t length);
/* Whether a header value or name may be sent as it is: no control characters. */
bool ic_header_safe(const char *text);
bool ic_text_starts(const char *text, const char *prefix);
/* ASCII case-insensitive comparison. */
bool ic_text_same(const char *a, const char *b);

#endif
