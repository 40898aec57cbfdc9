#include "core/events/encoding.h"

static int encoding_base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool ic_base64_read(const char *digits, size_t length, unsigned char *bytes, size_t capacity, size_t *count) {
    size_t padding = 0;
    while (padding < 2 && padding < length && digits[length - 1 - padding] == '=')
        padding++;
    *count = length / 4 * 3 - padding;
    if (length % 4 || *count > capacity) return false;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < length - padding; i++) {
        int value = encoding_base64_value(digits[i]);
        if (value < 0) return false;
        bits = (bits << 6 | (unsigned)value) & 0xFFFFFF;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        *bytes++ = (unsigned char)(bits >> held);
    }
    return (bits & ((1u << held) - 1)) == 0;
}

static int encoding_hex_value(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool ic_hex_read(const char *digits, size_t length, unsigned char *bytes, size_t capacity, size_t *count) {
    *count = length / 2;
    if (length % 2 || *count > capacity) return false;
    for (size_t i = 0; i < *count; i++) {
        int high = encoding_hex_value(digits[2 * i]), low = encoding_hex_value(digits[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
