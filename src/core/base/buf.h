/* A growable byte buffer. Failure is sticky: after an append could not get memory, `failed` stays set and
 * later appends do nothing, so that a builder checks once, at its end. */
#ifndef IC_BUF_H
#define IC_BUF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_buf {
    char *data; /* owned; NUL-terminated whenever length > 0 or ic_buf_text was called */
    size_t length, capacity;
    bool failed;
} ic_buf;

/* Makes room for `count` more bytes now, so that adding them cannot fail; false without memory (and the
 * buffer has failed). */
bool ic_buf_reserve(ic_buf *buf, size_t count);
void ic_buf_add(ic_buf *buf, const void *bytes, size_t count);
void ic_buf_puts(ic_buf *buf, const char *text);
void ic_buf_putc(ic_buf *buf, char byte);
void ic_buf_printf(ic_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The bytes as a C string ("" when empty), still owned by the buffer; NULL when the buffer failed. */
const char *ic_buf_text(ic_buf *buf);
/* Hands the bytes over (free with ic_free) and empties the buffer; NULL when it failed. */
char *ic_buf_take(ic_buf *buf, size_t *length);
void ic_buf_free(ic_buf *buf);

#endif
