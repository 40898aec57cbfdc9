/* Reads and writes JSON's texts, and checks UTF-8. It looks at eight bytes at a time. */
#include "core/json/json_text.h"
#include "core/json/json_scan.h"
#include "core/json/json_write.h"
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
/* Longer texts seldom repeat, and are not looked up among the known ones. */
#define KNOWN_LENGTH 32

typedef const unsigned char *place;

/* ---- UTF-8 ---- */

/* The length of the UTF-8 sequence at `at`, which is a byte of 0x80 or more (Unicode 15, table 3-7); 0 when
 * it is invalid. `*length` is the same or, when it is invalid, the number of bytes that one U+FFFD replaces:
 * the longest beginning of a valid sequence, or one byte (Unicode 15, 3.9, "U+FFFD substitution of maximal
 * subparts"). */
static size_t json_utf8_sequence(place at, place end, size_t *length) {
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
            place next = at + *length;
            if (next == end || *next < low || *next > high) return 0;
            ++*length;
            low = 0x80, high = 0xBF;
        }
        return *length;
    }
    return 0;
}

bool ic_utf8_valid(const char *bytes, size_t length, size_t *bad) {
    place start = (place)bytes, at = start, end = start + length;
    while (at < end) {
        size_t taken = 1;
        if (*at == 0 || (*at >= 0x80 && !json_utf8_sequence(at, end, &taken))) {
            *bad = (size_t)(at - start);
            return false;
        }
        at += taken;
    }
    return true;
}

static void text_add_code(ic_buf *buf, unsigned long code) {
    unsigned char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; code >>= 6)
        bytes[i] = (unsigned char)(0x80 | (code & 0x3F));
    bytes[0] = (unsigned char)(leads[length] | code);
    ic_buf_add(buf, bytes, length);
}

/* ---- plain bytes: ASCII that needs no escape ---- */

static uint64_t text_load(place at) {
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* Marks the lowest of eight bytes that is not plain: a quote, a backslash, a control character or beyond
 * ASCII. 0: all are plain. Plain bytes above the lowest mark may be marked too, because the subtractions
 * borrow. */
static inline uint64_t text_marked(uint64_t bytes) {
    const uint64_t each = 0x0101010101010101;
    uint64_t quote = (bytes ^ each * '"') - each, slash = (bytes ^ each * '\\') - each;
    return (bytes | quote | slash | (bytes - each * ' ')) & each * 0x80;
}

static inline bool text_is_plain(unsigned char c) {
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

/* The first byte from `at` on that is not plain, or `end`. */
static inline place text_plain_end(place at, place end) {
    for (; end - at >= 8; at += 8) {
        uint64_t marked = text_marked(text_load(at));
        if (marked) return at + (__builtin_ctzll(marked) >> 3);
    }
    while (at < end && text_is_plain(*at))
        at++;
    return at;
}

/* ---- reading ---- */

/* The code of the four hexadecimal digits at `at`, or -1. */
static long text_hex4(place at, place end) {
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

/* Adds the character of the escape sequence at `at` to the arena. A surrogate without its other half becomes
 * U+FFFD unless the tape keeps it. */
static place text_escape(ic_json_scan *scan, place at) {
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    ic_buf *arena = &scan->tape->arena;
    const char *letter = at + 1 < scan->end && at[1] ? strchr(letters, at[1]) : NULL;
    if (letter) {
        ic_buf_putc(arena, meant[letter - letters]);
        return at + 2;
    }
    if (at + 1 == scan->end || at[1] != 'u')
        return ic_json_refuse(scan, at + 1, "one of \" \\ / b f n r t u after a backslash");
    long code = text_hex4(at + 2, scan->end);
    if (code < 0) return ic_json_refuse(scan, at + 2, "four hexadecimal digits");
    bool high = code >= 0xD800 && code <= 0xDBFF, low = code >= 0xDC00 && code <= 0xDFFF;
    if (high && scan->end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
        long second = text_hex4(at + 8, scan->end);
        if (second >= 0xDC00 && second <= 0xDFFF) {
            text_add_code(arena, 0x10000 + (((unsigned long)code - 0xD800) << 10) +
                                     ((unsigned long)second - 0xDC00));
            return at + 12;
        }
    }
    bool lone = (high || low) && !scan->tape->keep_surrogates;
    text_add_code(arena, lone ? 0xFFFD : (unsigned long)code);
    return at + 6;
}

/* Reads a text that cannot stay in the source, because it has escapes or invalid UTF-8. It copies the text to
 * the arena: the bytes from `from` to `at`, which were read already, and the rest. When memory runs out, the
 * arena has failed. */
static place text_rewritten(ic_json_scan *scan, place from, place at) {
    ic_buf *arena = &scan->tape->arena;
    size_t offset = arena->length, length;
    for (;;) {
        ic_buf_add(arena, from, (size_t)(at - from));
        if (at == scan->end) return ic_json_refuse(scan, at, "the string's closing quote");
        from = at;
        if (*at == '"') {
            return ic_json_add_text(scan, IC_TAPE_TEXT | IC_TAPE_ARENA, offset, arena->length - offset)
                       ? at + 1
                       : NULL;
        } else if (*at == '\\') {
            if (!(from = text_escape(scan, at))) return NULL;
        } else if (*at < ' ') {
            return ic_json_refuse(scan, at, "control characters to be escaped");
        } else if (*at >= 0x80 && !json_utf8_sequence(at, scan->end, &length)) {
            ic_buf_puts(arena, REPLACEMENT);
            from = at + length;
        } else if (*at >= 0x80) {
            ic_buf_add(arena, at, length);
            from = at + length;
        }
        at = text_plain_end(from, scan->end);
    }
}

/* Adds a text that stays in the source. A short text that was read before gets the same word again, so that
 * equal words are equal texts. */
static bool text_add(ic_json_scan *scan, place from, size_t length) {
    size_t offset = (size_t)(from - scan->start);
    if (length - 1 >= KNOWN_LENGTH || scan->end - from < 8)
        return ic_json_add_text(scan, IC_TAPE_TEXT, offset, length);
    uint64_t first = text_load(from), last = 0;
    if (length >= 8)
        last = text_load(from + length - 8);
    else
        first &= ((uint64_t)1 << 8 * length) - 1;
    uint64_t mixed = (first ^ last * 31 ^ length) * 0x9E3779B97F4A7C15;
    ic_json_known *known = &scan->known[mixed >> 56];
    size_t known_length = (size_t)(known->word >> IC_TAPE_LENGTH_SHIFT & IC_TAPE_LENGTH_MASK);
    bool same = known_length == length && known->first == first && known->last == last;
    if (same && length > 16)
        same = memcmp(scan->start + (known->word >> IC_TAPE_OFFSET_SHIFT), from, length) == 0;
    if (same) {
        ic_json_add(scan, known->word | IC_TAPE_SEEN);
        return true;
    }
    if (!ic_json_add_text(scan, IC_TAPE_TEXT, offset, length)) return false;
    *known = (ic_json_known){scan->tape->words[scan->tape->count - 1], first, last};
    return true;
}

const unsigned char *ic_json_scan_text(ic_json_scan *scan, place at) {
    place from = ++at;
    for (;;) {
        size_t length;
        at = text_plain_end(at, scan->end);
        if (at == scan->end || *at < 0x80) break;
        if (!json_utf8_sequence(at, scan->end, &length)) break;
        at += length;
    }
    if (at == scan->end || *at != '"') return text_rewritten(scan, from, at);
    return text_add(scan, from, (size_t)(at - from)) ? at + 1 : NULL;
}

/* ---- writing ---- */

static void text_add_escape(ic_buf *buf, unsigned char c) {
    static const char letters[] = "\"\\\b\f\n\r\t", written[] = "\"\\bfnrt", digits[] = "0123456789abcdef";
    char escape[] = "\\u0000";
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        escape[1] = written[letter - letters];
    } else {
        escape[4] = digits[c >> 4];
        escape[5] = digits[c & 15];
    }
    ic_buf_add(buf, escape, letter ? 2 : 6);
}

/* Copies a text of fewer than eight bytes if all of it is plain. Loads that overlap replace a loop. */
static inline bool text_copy_short(char *to, place from, size_t length) {
    if (length >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + length - 4, 4);
        if (text_marked(first | (uint64_t)last << 32)) return false;
        memcpy(to, &first, 4);
        memcpy(to + length - 4, &last, 4);
    } else if (length) {
        unsigned char first = from[0], middle = from[length / 2], last = from[length - 1];
        if (!text_is_plain(first) || !text_is_plain(middle) || !text_is_plain(last)) return false;
        to[0] = (char)first;
        to[length / 2] = (char)middle;
        to[length - 1] = (char)last;
    }
    return true;
}

/* Copies plain bytes from the beginning of a text, eight at a time; the last eight may overlap those before.
 * Returns how many it has copied: for most texts, all. */
static inline size_t text_copy_plain(char *to, place from, size_t length) {
    size_t at = 0;
    if (length < 8) return text_copy_short(to, from, length) ? length : 0;
    for (; at + 8 < length; at += 8) {
        if (text_marked(text_load(from + at))) return at;
        memcpy(to + at, from + at, 8);
    }
    if (text_marked(text_load(from + length - 8))) return at;
    memcpy(to + length - 8, from + length - 8, 8);
    return length;
}

/* Writes the rest of a text, from `at` on. With `wrong`, invalid UTF-8 is not replaced: false, and `*wrong`
 * is its place. */
static bool text_write_rest(ic_buf *buf, place at, place end, const char **wrong) {
    for (place from = at;;) {
        size_t taken;
        at = text_plain_end(at, end);
        if (at < end && *at >= 0x80 && json_utf8_sequence(at, end, &taken)) {
            at += taken;
            continue;
        }
        ic_buf_add(buf, from, (size_t)(at - from));
        if (at == end) return true;
        if (*at < 0x80) {
            text_add_escape(buf, *at);
            taken = 1;
        } else if (wrong) {
            *wrong = (const char *)at;
            return false;
        } else {
            ic_buf_puts(buf, REPLACEMENT);
        }
        from = at += taken;
    }
}

bool ic_json_write_text(ic_buf *buf, const char *text, size_t length, size_t *bad) {
    const size_t quotes = 2;
    bool room = buf->capacity - buf->length > length + quotes || ic_buf_reserve(buf, length + quotes);
    if (!room) return true;
    buf->data[buf->length++] = '"';
    size_t copied = text_copy_plain(buf->data + buf->length, (place)text, length);
    buf->length += copied;
    const char *wrong = NULL;
    if (copied < length &&
        !text_write_rest(buf, (place)text + copied, (place)text + length, bad ? &wrong : NULL)) {
        *bad = (size_t)(wrong - text);
        return false;
    }
    ic_json_write_byte(buf, '"');
    return true;
}
