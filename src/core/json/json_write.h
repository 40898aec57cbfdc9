/* The pieces of JSON text, added to a buffer. Memory that ends is the buffer's to remember (buf.h). */
#ifndef IC_JSON_WRITE_H
#define IC_JSON_WRITE_H

#include "core/base/buf.h"
#include <stdint.h>

void ic_json_write_integer(ic_buf *buf, int64_t value);
/* The shortest text that gives the double back. Integers to 2^53 are written as such; greater ones with an
 * exponent, so that a number is read again and not an identifier. What is not finite is null. */
void ic_json_write_real(ic_buf *buf, double value);
/* In quotes; control characters, NUL among them, are escaped. What is no UTF-8 is written as U+FFFD when
 * `bad` is NULL. Otherwise it ends the writing: false, `*bad` is its offset, and the buffer holds a part of
 * the text.
 */
bool ic_json_write_text(ic_buf *buf, const char *text, size_t length, size_t *bad);

static inline void ic_json_write_byte(ic_buf *buf, char byte) {
    if (buf->capacity - buf->length < 2) {
        ic_buf_putc(buf, byte);
        return;
    }
    buf->data[buf->length++] = byte;
    buf->data[buf->length] = '\0';
}

#endif
