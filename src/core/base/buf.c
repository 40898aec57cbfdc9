#include "core/base/buf.h"
#include "core/base/alloc.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool ic_buf_reserve(ic_buf *buf, size_t count) {
    if (buf->failed) return false;
    /* "<" leaves one byte for the closing NUL. In an empty buffer both sides are 0. */
    if (count < buf->capacity - buf->length) return true;
    size_t capacity = buf->capacity ? buf->capacity : 64;
    if (count > SIZE_MAX / 2 - buf->length - 1) {
        buf->failed = true;
        return false;
    }
    while (capacity <= buf->length + count)
        capacity *= 2;
    char *data = ic_realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void ic_buf_add(ic_buf *buf, const void *bytes, size_t count) {
    if (count == 0 || !ic_buf_reserve(buf, count)) return;
    memcpy(buf->data + buf->length, bytes, count);
    buf->length += count;
    buf->data[buf->length] = '\0';
}

void ic_buf_puts(ic_buf *buf, const char *text) {
    ic_buf_add(buf, text, strlen(text));
}

void ic_buf_putc(ic_buf *buf, char byte) {
    ic_buf_add(buf, &byte, 1);
}

void ic_buf_printf(ic_buf *buf, const char *format, ...) {
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, values);
    if (length < 0) {
        buf->failed = true;
    } else if (ic_buf_reserve(buf, (size_t)length)) {
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
    va_end(values);
}

const char *ic_buf_text(ic_buf *buf) {
    if (!ic_buf_reserve(buf, 0)) return NULL;
    buf->data[buf->length] = '\0';
    return buf->data;
}

char *ic_buf_take(ic_buf *buf, size_t *length) {
    char *data = (char *)ic_buf_text(buf);
    if (length) *length = data ? buf->length : 0;
    if (data) buf->data = NULL;
    ic_buf_free(buf);
    return data;
}

void ic_buf_trim(ic_buf *buf) {
    char *data = buf->data ? ic_realloc(buf->data, buf->length + 1) : NULL;
    if (!data) return;
    buf->data = data;
    buf->capacity = buf->length + 1;
}

void ic_buf_free(ic_buf *buf) {
    ic_free(buf->data);
    *buf = (ic_buf){0};
}
