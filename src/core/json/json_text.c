/* Reads and writes JSON's texts, and checks UTF-8. It looks at 16 bytes at a time. */
#include "core/json/json_text.h"
#include "core/json/json_scan.h"
#include "core/json/json_write.h"
#include <string.h>
#if defined __SSE2__ && !IC_PORTABLE
#include <emmintrin.h>
#endif

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define ESCAPE      6              /* bytes of the longest escape sequence that is written: \u0000 */
/* Longer texts seldom repeat, and are not looked up among the known ones. */
#define KNOWN_LENGTH 32
#define LENGTH_FIELD (IC_TAPE_LENGTH_MASK << IC_TAPE_LENGTH_SHIFT)

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

static inline void text_store(char *to, uint64_t bytes) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    memcpy(to, &bytes, sizeof bytes);
}

static inline bool text_is_plain(unsigned char c) {
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

/* Sixteen bytes. */
#if defined __SSE2__ && !IC_PORTABLE
typedef __m128i text_block;

static inline text_block text_block_load(place at) {
    return _mm_loadu_si128((const __m128i *)at);
}

static inline text_block text_block_of(uint64_t first, uint64_t last) {
    return _mm_set_epi64x((long long)last, (long long)first);
}

static inline void text_block_store(char *to, text_block block) {
    _mm_storeu_si128((__m128i *)to, block);
}

/* How many bytes at the beginning are plain; 16: all. A byte's highest bit marks it: bytes beyond ASCII have
 * it themselves, control characters get it by the subtraction. */
static inline unsigned text_block_plain(text_block block) {
    __m128i low = _mm_sub_epi8(block, _mm_set1_epi8(' '));
    __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    __m128i marks = _mm_or_si128(_mm_or_si128(block, low), _mm_or_si128(quote, slash));
    return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(marks) | 1u << 16);
}
#else
typedef struct text_block {
    uint64_t first, last;
} text_block;

/* Marks the lowest of eight bytes that is not plain: a quote, a backslash, a control character or beyond
 * ASCII. 0: all are plain. Plain bytes above the lowest mark may be marked too, because the subtractions
 * borrow. */
static inline uint64_t text_marked(uint64_t bytes) {
    const uint64_t each = 0x0101010101010101;
    uint64_t quote = (bytes ^ each * '"') - each, slash = (bytes ^ each * '\\') - each;
    return (bytes | quote | slash | (bytes - each * ' ')) & each * 0x80;
}

static inline text_block text_block_load(place at) {
    return (text_block){text_load(at), text_load(at + 8)};
}

static inline text_block text_block_of(uint64_t first, uint64_t last) {
    return (text_block){first, last};
}

static inline void text_block_store(char *to, text_block block) {
    text_store(to, block.first);
    text_store(to + 8, block.last);
}

static inline unsigned text_block_plain(text_block block) {
    uint64_t first = text_marked(block.first), last = text_marked(block.last);
    if (first) return (unsigned)__builtin_ctzll(first) / 8;
    return last ? 8 + (unsigned)__builtin_ctzll(last) / 8 : 16;
}
#endif

/* The first byte from `at` on that is not plain, or `end`. */
static inline place text_plain_end(place at, place end) {
    for (; end - at >= 16; at += 16) {
        unsigned plain = text_block_plain(text_block_load(at));
        if (plain < 16) return at + plain;
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

/* Whether two texts of 17 to 32 bytes are the same between their first eight bytes and their last eight. */
static inline bool text_same_middle(place a, place b, size_t length) {
    return text_load(a + 8) == text_load(b + 8) && text_load(a + length - 16) == text_load(b + length - 16);
}

/* Adds a text that stays in the source: 1 to KNOWN_LENGTH bytes, of the eight or more that are left. One that
 * was read before gets the same word again, so that equal words are equal texts. */
static inline void text_add_short(ic_json_scan *scan, place from, size_t length) {
    uint64_t offset = (uint64_t)(from - scan->start), first = text_load(from), last = 0;
    uint64_t word = IC_TAPE_TEXT | length << IC_TAPE_LENGTH_SHIFT | offset << IC_TAPE_OFFSET_SHIFT;
    if (length >= 8)
        last = text_load(from + length - 8);
    else
        first &= ((uint64_t)1 << 8 * length) - 1;
    ic_json_known *known = &scan->known[((first ^ last * 31 ^ length) * 0x9E3779B97F4A7C15) >> 56];
    bool same = known->first == first && known->last == last && !((known->word ^ word) & LENGTH_FIELD);
    if (same && length > 16)
        same = text_same_middle(scan->start + (known->word >> IC_TAPE_OFFSET_SHIFT), from, length);
    if (same)
        word = known->word | IC_TAPE_SEEN;
    else
        *known = (ic_json_known){word, first, last};
    ic_json_add(scan, word);
}

/* Reads a text that begins at `from`, whatever it has. */
static place text_read(ic_json_scan *scan, place from) {
    place at = text_plain_end(from, scan->end);
    size_t taken;
    while (at < scan->end && *at >= 0x80 && json_utf8_sequence(at, scan->end, &taken))
        at = text_plain_end(at + taken, scan->end);
    if (at == scan->end || *at != '"') return text_rewritten(scan, from, at);
    size_t length = (size_t)(at - from), offset = (size_t)(from - scan->start);
    if (length - 1 >= KNOWN_LENGTH || scan->end - from < 8)
        return ic_json_add_text(scan, IC_TAPE_TEXT, offset, length) ? at + 1 : NULL;
    text_add_short(scan, from, length);
    return at + 1;
}

const unsigned char *ic_json_scan_text(ic_json_scan *scan, place at) {
    place from = at + 1;
    if (scan->end - from < 16) return text_read(scan, from);
    unsigned length = text_block_plain(text_block_load(from));
    if (length - 1 >= 15 || from[length] != '"') return text_read(scan, from);
    text_add_short(scan, from, length);
    return from + length + 1;
}

/* ---- writing ---- */

/* Copies a text of fewer than 16 bytes if all of it is plain. Loads that overlap replace a loop. */
static inline bool text_copy_short(char *to, place from, size_t length) {
    const uint64_t spaces = 0x2020202020202020;
    if (length >= 8) {
        uint64_t first = text_load(from), last = text_load(from + length - 8);
        if (text_block_plain(text_block_of(first, last)) < 16) return false;
        text_store(to, first);
        text_store(to + length - 8, last);
    } else if (length >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + length - 4, 4);
        if (text_block_plain(text_block_of(first | (uint64_t)last << 32, spaces)) < 16) return false;
        memcpy(to, &first, 4);
        memcpy(to + length - 4, &last, 4);
    } else if (length) {
        uint64_t bytes = from[0] | (uint64_t)from[length / 2] << 8 | (uint64_t)from[length - 1] << 16;
        if (text_block_plain(text_block_of(bytes | spaces << 24, spaces)) < 16) return false;
        to[0] = (char)from[0];
        to[length / 2] = (char)from[length / 2];
        to[length - 1] = (char)from[length - 1];
    }
    return true;
}

/* Copies a text, 16 bytes at a time, if all of it is plain; the last 16 may overlap those before. */
static inline bool text_copy_plain(char *to, place from, size_t length) {
    if (length < 16) return text_copy_short(to, from, length);
    text_block block;
    for (size_t at = 0; at + 16 < length; at += 16) {
        block = text_block_load(from + at);
        if (text_block_plain(block) < 16) return false;
        text_block_store(to + at, block);
    }
    block = text_block_load(from + length - 16);
    if (text_block_plain(block) < 16) return false;
    text_block_store(to + length - 16, block);
    return true;
}

/* Copies a piece of a text: plain bytes and valid UTF-8. Returns the first byte that is neither, or `end`,
 * and in `*to` the end of the copy. There is room for the rest of the text. */
static place text_copy_piece(char **to, place at, place end) {
    for (;;) {
        for (size_t plain = 16; plain == 16 && end - at >= 16; at += plain, *to += plain) {
            text_block block = text_block_load(at);
            text_block_store(*to, block);
            plain = text_block_plain(block);
        }
        while (at < end && text_is_plain(*at))
            *(*to)++ = (char)*at++;
        size_t length;
        if (at == end || *at < 0x80 || !json_utf8_sequence(at, end, &length)) return at;
        memcpy(*to, at, length);
        *to += length;
        at += length;
    }
}

/* Writes the escape sequence of a byte, and returns its end. There is room for ESCAPE bytes. */
static char *text_put_escape(char *to, unsigned char c) {
    static const char letters['\\' + 1] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    static const char digits[] = "0123456789abcdef";
    memcpy(to, "\\u0000", ESCAPE);
    if (letters[c]) {
        to[1] = letters[c];
        return to + 2;
    }
    to[4] = digits[c >> 4];
    to[5] = digits[c & 15];
    return to + ESCAPE;
}

char *ic_json_put_plain(char *to, const char *text, size_t length) {
    if (!text_copy_plain(to + 1, (place)text, length)) return NULL;
    to[0] = '"';
    to[length + 1] = '"';
    return to + length + 2;
}

bool ic_json_write_text(ic_buf *buf, const char *text, size_t length, size_t *bad) {
    const size_t quotes = 2;
    char *to = ic_buf_room(buf, length + quotes), *plain = to ? ic_json_put_plain(to, text, length) : NULL;
    if (plain) {
        *plain = '\0';
        buf->length += length + quotes;
        return true;
    }
    ic_json_write_byte(buf, '"');
    place at = (place)text, end = at + length;
    while ((to = ic_buf_room(buf, (size_t)(end - at) + ESCAPE))) {
        size_t taken = 1;
        at = text_copy_piece(&to, at, end);
        bool ends = at == end;
        if (ends) {
            *to++ = '"';
        } else if (*at < 0x80) {
            to = text_put_escape(to, *at);
        } else if (bad) {
            *bad = (size_t)(at - (place)text);
            return false;
        } else {
            json_utf8_sequence(at, end, &taken);
            memcpy(to, REPLACEMENT, 3);
            to += 3;
        }
        *to = '\0';
        buf->length = (size_t)(to - buf->data);
        if (ends) break;
        at += taken;
    }
    return true;
}
