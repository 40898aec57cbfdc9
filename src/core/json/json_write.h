/* Appends pieces of JSON text to a buffer. When memory runs out, the buffer has failed (buf.h). */
#ifndef IC_JSON_WRITE_H
#define IC_JSON_WRITE_H

#include "core/base/buf.h"
#include <stdint.h>

void ic_json_write_integer(ic_buf *buf, int64_t value);
/* Appends the shortest text that is read back as the same double. Whole numbers up to 2^53 have no exponent;
 * greater ones have one, so that they are read back as doubles. Infinity and NaN are null. */
void ic_json_write_real(ic_buf *buf, double value);
/* Appends a number as JavaScript prints it (ECMA-262, Number::toString): the shortest digits that are read
 * back as the same double, with an exponent below 1e-6 and from 1e21 on. -0 is 0; infinity and NaN are null.
 */
void ic_json_write_javascript(ic_buf *buf, double value);
/* The double of a JSON number of any length; infinite beyond a double, and when out of memory. */
double ic_json_double(const char *digits, size_t length);
/* Appends a text in quotes, with its control characters (also NUL) escaped. Invalid UTF-8 becomes U+FFFD when
 * `bad` is NULL. Otherwise the function returns false, with its offset in `*bad` and a part of the text in
 * the buffer. */
bool ic_json_write_text(ic_buf *buf, const char *text, size_t length, size_t *bad);

/* Puts a text in quotes at `to`, where there is room for `length` + 2 bytes, and returns its end. NULL: the
 * text has something else than ASCII that needs no escape. What is at `to` is then undefined. */
char *ic_json_put_plain(char *to, const char *text, size_t length);

static inline void ic_json_write_byte(ic_buf *buf, char byte) {
    if (buf->capacity - buf->length < 2) {
        ic_buf_putc(buf, byte);
        return;
    }
    buf->data[buf->length++] = byte;
    buf->data[buf->length] = '\0';
}

#endif
