/* JSON as a JavaScript program would print it again. */
#ifndef IC_JSON_STRINGIFY_H
#define IC_JSON_STRINGIFY_H

#include "core/base/buf.h"
#include "core/base/error.h"

/* Appends JSON.stringify(JSON.parse(text)), as ECMA-262 (25.5) defines both:
 *
 *   - no white space
 *   - in an object, names that are array indices ("0" to "4294967294") come first, in ascending order, and
 * the others in the order of the text. Of members with the same name the last value counts, at the place of
 * the first
 *   - numbers as doubles, printed by Number::toString; a number beyond a double is null
 *   - in strings, only quotes, backslashes, control characters and lone surrogates are escaped
 *
 * Invalid UTF-8 becomes U+FFFD, as when a JavaScript program decodes the bytes. False: PROTOCOL, TOO_LARGE
 * (depth, values) or MEMORY in `error`, and a part may have been appended. */
bool ic_json_stringify(ic_buf *out, const char *text, size_t length, ic_error *error);

#endif
