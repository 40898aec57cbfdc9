/* What RFC 8259 refuses and cJSON accepts (`01`, `1.`, raw control characters, `\uZZZZ`) is refused here;
 * what cJSON would cut or round is rewritten. Nothing is copied as long as nothing has to be rewritten. Bytes
 * in messages are counted from 1, as Lua does. */
#include "core/json/json_scan.h"
#include "core/base/alloc.h"
#include "core/json/json.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK   "\xEF\xBB\xBF"
#define REPLACEMENT       "\xEF\xBF\xBD"     /* U+FFFD */
#define MAX_INTEGER       "9007199254740992" /* 2^53: up to here a double holds every integer */
#define MAX_CJSON_LITERAL 63                 /* bytes of a number that cJSON looks at */

typedef struct scan {
    const unsigned char *start, *at, *end;
    const unsigned char *copied; /* up to here the text is in `copy` */
    ic_buf *copy;                /* the rewritten text, begun at the first thing to rewrite */
    size_t values, depth;
    unsigned char objects[IC_JSON_MAX_DEPTH / 8]; /* a bit for each open container: 1 object, 0 array */
    ic_error *error;
} scan;

static bool is_space(unsigned char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool scan_value(scan *s);
static bool scan_between(scan *s, bool *done);

bool ic_json_scan(const char **text, size_t *length, ic_buf *copy, ic_error *error) {
    scan s = {.copy = copy, .error = error};
    s.start = s.at = (const unsigned char *)(*length ? *text : "");
    s.end = s.start + *length;
    while (s.end > s.start && is_space(s.end[-1]))
        s.end--; /* cJSON stops at the value's end, and so shall the text */
    if (*length >= 3 && memcmp(s.at, BYTE_ORDER_MARK, 3) == 0) s.at += 3;
    const unsigned char *begin = s.copied = s.at;

    for (bool done = false; !done;)
        if (!scan_value(&s) || !scan_between(&s, &done)) return false;

    if (copy->length) ic_buf_add(copy, s.copied, (size_t)(s.end - s.copied));
    if (copy->failed) {
        ic_error_memory(error);
        return false;
    }
    *text = copy->length ? copy->data : (const char *)begin;
    *length = copy->length ? copy->length : (size_t)(s.end - begin);
    return true;
}

static size_t utf8_sequence(const unsigned char *at, const unsigned char *end, size_t *length);

bool ic_utf8_valid(const char *bytes, size_t length, size_t *bad) {
    const unsigned char *start = (const unsigned char *)bytes, *at = start, *end = start + length;
    while (at < end) {
        size_t taken = 1;
        if (*at == 0 || (*at >= 0x80 && !utf8_sequence(at, end, &taken))) {
            *bad = (size_t)(at - start);
            return false;
        }
        at += taken;
    }
    return true;
}

static bool refuse(scan *s, const unsigned char *at, const char *expected) {
    char found[32] = "the end";
    if (at < s->end) snprintf(found, sizeof found, *at > ' ' && *at < 127 ? "'%c'" : "byte 0x%02X", *at);
    ic_error_set(s->error, IC_ERR_PROTOCOL, "invalid JSON: expected %s, found %s at byte %zu", expected,
                 found, (size_t)(at - s->start) + 1);
    return false;
}

/* Puts `text` in place of the next `skip` bytes at `from`. Without memory the buffer remembers it. */
static void rewrite(scan *s, const unsigned char *from, size_t skip, const char *text) {
    ic_buf_add(s->copy, s->copied, (size_t)(from - s->copied));
    ic_buf_puts(s->copy, text);
    s->copied = from + skip;
}

/* The length of the well-formed UTF-8 sequence at `at`, a byte of 0x80 or more (Unicode 15, table 3-7); 0
 * when it is ill-formed. *length is then the part of it for which one U+FFFD stands: the longest beginning of
 * a well-formed sequence, or one byte (Unicode 15, 3.9 "U+FFFD substitution of maximal subparts"). */
static size_t utf8_sequence(const unsigned char *at, const unsigned char *end, size_t *length) {
    static const struct {
        unsigned char first, last, low, high, length; /* lead bytes, range of the second byte */
    } leads[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                 {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                 {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    *length = 1;
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (*at < leads[i].first || *at > leads[i].last) continue;
        unsigned char low = leads[i].low, high = leads[i].high;
        while (*length < leads[i].length) {
            const unsigned char *next = at + *length;
            if (next == end || *next < low || *next > high) return 0;
            ++*length;
            low = 0x80, high = 0xBF;
        }
        return *length;
    }
    return 0;
}

/* The code of the four hexadecimal digits at `at`, or -1. */
static long hex4(const unsigned char *at, const unsigned char *end) {
    if (end - at < 4) return -1;
    long code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = at[i], letter = (unsigned char)(c | 0x20);
        int digit = c >= '0' && c <= '9' ? c - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
        if (digit < 0) return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* Checks the escape sequence at `at` and rewrites what a C string or UTF-8 cannot hold. */
static bool scan_escape(scan *s, const unsigned char *at, size_t *length) {
    *length = 2;
    if (at + 1 < s->end && at[1] != '\0' && strchr("\"\\/bfnrt", at[1])) return true;
    if (at + 1 == s->end || at[1] != 'u')
        return refuse(s, at + 1, "one of \" \\ / b f n r t u after a backslash");
    long code = hex4(at + 2, s->end);
    if (code < 0) return refuse(s, at + 2, "four hexadecimal digits");
    *length = 6;
    bool high = code >= 0xD800 && code <= 0xDBFF, low = code >= 0xDC00 && code <= 0xDFFF;
    if (high && s->end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
        long second = hex4(at + 8, s->end);
        if (second >= 0xDC00 && second <= 0xDFFF) {
            *length = 12;
            return true;
        }
    }
    if (code == 0 || high || low) rewrite(s, at, 6, REPLACEMENT);
    return true;
}

/* Whether none of eight bytes is a quote, a backslash, a control character or beyond ASCII. */
static bool eight_plain(const unsigned char *at) {
    const uint64_t each = 0x0101010101010101;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    uint64_t quote = (bytes ^ each * '"') - each, slash = (bytes ^ each * '\\') - each;
    return !((bytes | quote | slash | (bytes - each * ' ')) & each * 0x80);
}

static bool scan_string(scan *s) {
    const unsigned char *at = s->at + 1, *end = s->end;
    for (;;) {
        while (end - at >= 8 && eight_plain(at))
            at += 8;
        while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\')
            at++;
        size_t length;
        if (at == end) return refuse(s, at, "the string's closing quote");
        if (*at == '"') {
            s->at = at + 1;
            return true;
        } else if (*at == '\\') {
            if (!scan_escape(s, at, &length)) return false;
        } else if (*at < ' ') {
            return refuse(s, at, "control characters to be escaped");
        } else if (!utf8_sequence(at, end, &length)) {
            rewrite(s, at, length, REPLACEMENT);
        }
        at += length;
    }
}

static size_t digits(const unsigned char *at, const unsigned char *end) {
    const unsigned char *start = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return (size_t)(at - start);
}

/* A number that no double holds, as a string of its digits. */
static void quote(scan *s, const unsigned char *from, size_t length) {
    rewrite(s, from, 0, "\"");
    rewrite(s, from + length, 0, "\"");
}

/* A fraction or power of ten that may be beyond the doubles, or is too long for cJSON. */
static void rewrite_real(scan *s, const unsigned char *from, size_t length) {
    char *literal = ic_strndup((const char *)from, length);
    if (!literal) {
        s->copy->failed = true;
        return;
    }
    double value = strtod(literal, NULL);
    ic_free(literal);
    if (isinf(value)) {
        quote(s, from, length);
    } else if (length > MAX_CJSON_LITERAL) {
        char shorter[32];
        snprintf(shorter, sizeof shorter, "%.17g", value);
        rewrite(s, from, length, shorter);
    }
}

static bool scan_number(scan *s) {
    const unsigned char *at = s->at, *end = s->end;
    at += *at == '-';
    size_t whole = at < end && *at == '0' ? 1 : digits(at, end);
    if (!whole) return refuse(s, at, "a digit");
    const unsigned char *first = at;
    at += whole;

    bool real = false;
    if (at < end && *at == '.') {
        size_t count = digits(++at, end);
        if (!count) return refuse(s, at, "a digit after the decimal point");
        at += count;
        real = true;
    }
    size_t exponent = 0;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        exponent = digits(at, end);
        if (!exponent) return refuse(s, at, "a digit of the exponent");
        at += exponent;
        real = true;
    }

    size_t length = (size_t)(at - s->at), exact = sizeof MAX_INTEGER - 1;
    if (real) {
        if (exponent > 2 || length > MAX_CJSON_LITERAL) rewrite_real(s, s->at, length);
    } else if (whole > exact || (whole == exact && memcmp(first, MAX_INTEGER, exact) > 0)) {
        quote(s, s->at, length);
    }
    s->at = at;
    return true;
}

static bool scan_word(scan *s, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
        return refuse(s, s->at, "a value");
    s->at += length;
    return true;
}

/* The next byte that is no white space; 0 (which JSON has nowhere outside strings) at the end. */
static unsigned char next_byte(scan *s) {
    while (s->at < s->end && is_space(*s->at))
        s->at++;
    return s->at < s->end ? *s->at : 0;
}

static bool scan_name(scan *s) {
    if (next_byte(s) != '"') return refuse(s, s->at, "a name in double quotes");
    if (!scan_string(s)) return false;
    if (next_byte(s) != ':') return refuse(s, s->at, "':'");
    s->at++;
    return true;
}

static bool scan_scalar(scan *s, unsigned char first) {
    switch (first) {
    case '"': return scan_string(s);
    case 't': return scan_word(s, "true");
    case 'f': return scan_word(s, "false");
    case 'n': return scan_word(s, "null");
    default:
        return first == '-' || (first >= '0' && first <= '9') ? scan_number(s) : refuse(s, s->at, "a value");
    }
}

static bool in_object(const scan *s) {
    size_t level = s->depth - 1;
    return s->depth && (s->objects[level / 8] >> level % 8 & 1);
}

static bool open_container(scan *s, bool object) {
    if (s->depth == IC_JSON_MAX_DEPTH) {
        ic_error_set(s->error, IC_ERR_TOO_LARGE, "JSON nested deeper than %d at byte %zu", IC_JSON_MAX_DEPTH,
                     (size_t)(s->at - s->start) + 1);
        return false;
    }
    unsigned char bit = (unsigned char)(1 << s->depth % 8), *byte = &s->objects[s->depth / 8];
    *byte = object ? *byte | bit : *byte & (unsigned char)~bit;
    s->depth++;
    s->at++;
    return true;
}

/* A scalar, or the beginning of a container up to its first scalar or, when it is empty, its end. */
static bool scan_value(scan *s) {
    for (;;) {
        unsigned char first = next_byte(s);
        if (++s->values > IC_JSON_MAX_VALUES) {
            ic_error_set(s->error, IC_ERR_TOO_LARGE, "JSON of more than %d values", IC_JSON_MAX_VALUES);
            return false;
        }
        bool object = first == '{';
        if (!object && first != '[') return scan_scalar(s, first);
        if (!open_container(s, object)) return false;
        if (next_byte(s) == (object ? '}' : ']')) return true;
        if (object && !scan_name(s)) return false;
    }
}

/* After a value: closes the containers that end here, and goes over the comma before the next value. *done:
 * the text ends here. */
static bool scan_between(scan *s, bool *done) {
    for (;;) {
        unsigned char c = next_byte(s);
        if (s->depth == 0) {
            *done = s->at == s->end;
            return *done || refuse(s, s->at, "nothing after the value");
        }
        bool object = in_object(s);
        if (c == (object ? '}' : ']')) {
            s->depth--;
            s->at++;
        } else if (c == ',') {
            s->at++;
            return !object || scan_name(s);
        } else {
            return refuse(s, s->at, object ? "',' or '}'" : "',' or ']'");
        }
    }
}
