/* A growable byte buffer. Failure is sticky: once an append runs out of memory, `failed` stays set and later
 * appends do nothing. A builder therefore checks once, at the end. */
#ifndef IC_BUF_H
#define IC_BUF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ic_buf {
    char *data; /* owned; NUL-terminated whenever length > 0 or ic_buf_text was called */
    size_t length, capacity;
    bool failed;
} ic_buf;

/* Allocates space for `count` more bytes, so that adding them cannot fail. False when out of memory; the
 * buffer has then failed. */
bool ic_buf_reserve(ic_buf *buf, size_t count);
/* The same. Returns where those bytes go: the caller writes them and adds their number to `length`. NULL when
 * out of memory. */
static inline char *ic_buf_room(ic_buf *buf, size_t count) {
    if (buf->capacity - buf->length > count || ic_buf_reserve(buf, count)) return buf->data + buf->length;
    return NULL;
}
/* `bytes` must not point into the buffer itself. */
void ic_buf_add(ic_buf *buf, const void *bytes, size_t count);
void ic_buf_puts(ic_buf *buf, const char *text);
void ic_buf_putc(ic_buf *buf, char byte);
void ic_buf_printf(ic_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The bytes as a C string ("" when empty), owned by the buffer. NULL when the buffer has failed. */
const char *ic_buf_text(ic_buf *buf);
/* Hands the bytes over to the caller (free with ic_free) and resets the buffer, also after a failure. NULL
 * when the buffer had failed; an empty buffer gives "". `length` may be NULL. */
char *ic_buf_take(ic_buf *buf, size_t *length);
/* Gives back what is allocated beyond the bytes, for a buffer that is kept long. */
void ic_buf_trim(ic_buf *buf);
void ic_buf_free(ic_buf *buf);

#endif
