#include "core/base/text.h"
#include <stdio.h>
#include <string.h>

/* No option, parameter or field has a longer name, so a longer one is not compared. */
#define NAME_MAX_LENGTH 64

#define NEAR_MAX   3 /* edits */
#define PREFIX_MIN 3 /* letters of an abbreviated name */

static char text_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Unlike strncasecmp, does not depend on the host's locale. */
static bool text_same_bytes(const char *a, const char *b, size_t length) {
    size_t i = 0;
    while (i < length && text_lower(a[i]) == text_lower(b[i]))
        i++;
    return i == length;
}

static int text_min(int a, int b) {
    return a < b ? a : b;
}

/* The number of edits (insert, delete, replace, swap of two neighbours) that turn a into b: the "optimal
 * string alignment" distance. Both names must be at most NAME_MAX_LENGTH long. */
static int text_edit_distance(const char *a, int a_length, const char *b, int b_length) {
    int rows[3][NAME_MAX_LENGTH + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (int j = 0; j <= b_length; j++)
        last[j] = j;
    for (int i = 1; i <= a_length; i++) {
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            char x = text_lower(a[i - 1]), y = text_lower(b[j - 1]);
            row[j] = text_min(last[j - 1] + (x != y), 1 + text_min(last[j], row[j - 1]));
            if (i > 1 && j > 1 && x == text_lower(b[j - 2]) && y == text_lower(a[i - 2]))
                row[j] = text_min(row[j], before[j - 2] + 1);
        }
        int *spare = before;
        before = last, last = row, row = spare;
    }
    return last[b_length];
}

/* A candidate is near when it differs by at most a third of the wanted name's letters (one edit is always
 * allowed, NEAR_MAX is the most, and one letter must stay), or when the wanted name is its abbreviation
 * ("temp" for "template"). A match by edits is better than an abbreviation, and of two abbreviated candidates
 * the shorter is better. */
void ic_nearest_offer(ic_nearest *search, const char *candidate) {
    size_t wanted = strlen(search->wanted), offered = strlen(candidate);
    if (wanted == 0 || wanted > NAME_MAX_LENGTH || offered > NAME_MAX_LENGTH) return;

    int allowed = text_min((int)wanted / 3, NEAR_MAX);
    if (allowed == 0) allowed = 1;
    int distance = text_edit_distance(search->wanted, (int)wanted, candidate, (int)offered);
    if (distance > allowed || distance >= (int)wanted) {
        if (wanted < PREFIX_MIN || offered < wanted || !text_same_bytes(search->wanted, candidate, wanted))
            return;
        distance = NEAR_MAX + (int)(offered - wanted);
    }
    if (search->best && search->distance <= distance) return;
    search->best = candidate;
    search->distance = distance;
}

const char *ic_nearest_hint(char hint[IC_HINT_SIZE], const char *nearest) {
    *hint = '\0';
    if (nearest) snprintf(hint, IC_HINT_SIZE, "; did you mean \"%s\"?", nearest);
    return hint;
}

void ic_percent_encode(ic_buf *out, const char *text, size_t length) {
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (memchr(unreserved, byte, sizeof unreserved - 1)) {
            ic_buf_putc(out, (char)byte);
        } else {
            const char coded[3] = {'%', hex[byte >> 4], hex[byte & 15]};
            ic_buf_add(out, coded, sizeof coded);
        }
    }
}

int ic_hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

bool ic_percent_decode(char *text) {
    char *out = text;
    for (const char *in = text; *in; in++) {
        int high = *in == '%' ? ic_hex_value(in[1]) : -1;
        int low = high >= 0 ? ic_hex_value(in[2]) : -1;
        if (low < 0) {
            *out++ = *in;
            continue;
        }
        if (high == 0 && low == 0) return false;
        *out++ = (char)(high * 16 + low);
        in += 2;
    }
    *out = '\0';
    return true;
}

bool ic_header_safe(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) return false;
    return true;
}

/* Reads one character of UTF-8 (RFC 3629). Returns its length, or 0 when the bytes are not one. */
static size_t text_decode(const unsigned char *at, size_t left, unsigned *code) {
    static const struct {
        unsigned char mask, mark;
        unsigned smallest;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    size_t length = 0;
    while (length < 4 && (*at & forms[length].mask) != forms[length].mark)
        length++;
    if (length == 4 || length >= left) return 0;
    *code = *at & (unsigned char)~forms[length].mask;
    for (size_t i = 1; i <= length; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
        *code = *code << 6 | (at[i] & 0x3Fu);
    }
    bool valid = *code >= forms[length].smallest && *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF);
    return valid ? length + 1 : 0;
}

static bool text_is_hidden(unsigned code) {
    return code < ' ' || (code >= 0x7F && code <= 0x9F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x200E || code == 0x200F;
}

/* Writes one character, escaped where necessary, and returns the number of bytes that were read. */
static size_t text_escape_one(char escaped[8], const unsigned char *at, size_t left) {
    static const char letters[] = "\n\r\t", names[] = "nrt";
    unsigned code = *at;
    size_t length = text_decode(at, left, &code);
    const char *letter = length == 1 && code ? strchr(letters, (int)code) : NULL;
    if (length && !text_is_hidden(code)) {
        memcpy(escaped, at, length);
        escaped[length] = '\0';
    } else if (letter) {
        snprintf(escaped, 8, "\\%c", names[letter - letters]);
    } else if (length > 1) {
        snprintf(escaped, 8, "\\u%04X", code & 0xFFFF);
    } else {
        snprintf(escaped, 8, "\\x%02X", *at);
    }
    return length ? length : 1;
}

void ic_text_escape(ic_buf *out, const char *text, size_t length, size_t limit) {
    size_t first = out->length;
    char escaped[8];
    for (size_t i = 0; i < length && !out->failed;) {
        i += text_escape_one(escaped, (const unsigned char *)text + i, length - i);
        if (out->length - first + strlen(escaped) > limit) {
            ic_buf_puts(out, "…");
            return;
        }
        ic_buf_puts(out, escaped);
    }
}

bool ic_text_needs_escape(const char *text) {
    size_t left = strlen(text);
    while (left) {
        unsigned code;
        size_t length = text_decode((const unsigned char *)text, left, &code);
        if (!length || text_is_hidden(code)) return true;
        text += length;
        left -= length;
    }
    return false;
}

bool ic_text_is_blank(const char *text) {
    return text[strspn(text, " \t")] == '\0';
}

bool ic_text_starts(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ic_text_same(const char *a, const char *b) {
    size_t length = strlen(a);
    return length == strlen(b) && text_same_bytes(a, b, length);
}
