/* Reads the containers of a JSON text, and the punctuation between values. It is one loop without recursion:
 * the scan has a stack of the containers that are open. */
#include "core/json/json_tape_read.h"
#include "core/base/alloc.h"
#include "core/json/json_scan.h"
#include <string.h>

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"
/* The most words that are added between two calls of tape_reserve: a container, a name, a scalar, a name. */
#define WORDS_AHEAD 8

typedef const unsigned char *place;

static inline bool tape_is_space(unsigned char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Makes room for more words. A JSON text has about one word for eight of its bytes. */
static bool tape_grow(ic_json_scan *scan) {
    ic_tape *tape = scan->tape;
    size_t used = tape->words ? (size_t)(scan->next - tape->words) : 0;
    size_t capacity = tape->capacity ? tape->capacity * 2
                                     : (size_t)(scan->end - scan->start) / sizeof *tape->words + WORDS_AHEAD;
    uint64_t *words = ic_realloc(tape->words, capacity * sizeof *words);
    if (!words) {
        ic_error_memory(scan->error);
        return false;
    }
    tape->words = words;
    tape->capacity = capacity;
    scan->next = words + used;
    scan->limit = words + capacity;
    return true;
}

/* Reserves WORDS_AHEAD words. */
static inline bool tape_reserve(ic_json_scan *scan) {
    return scan->limit - scan->next >= WORDS_AHEAD || tape_grow(scan);
}

/* The next byte that is not white space; 0 at the end (JSON has no 0 outside strings). */
static inline unsigned char tape_next_byte(const ic_json_scan *scan, place *at) {
    place here = *at;
    if (here != scan->end && *here > ' ') return *here; /* most bytes */
    while (*at < scan->end && tape_is_space(**at))
        ++*at;
    return *at < scan->end ? **at : 0;
}

static place tape_name(ic_json_scan *scan, place at) {
    if (tape_next_byte(scan, &at) != '"') return ic_json_refuse(scan, at, "a name in double quotes");
    at = ic_json_scan_text(scan, at);
    if (!at) return NULL;
    if (tape_next_byte(scan, &at) != ':') return ic_json_refuse(scan, at, "':'");
    return at + 1;
}

static place tape_word(ic_json_scan *scan, place at, const char *word, ic_tape_kind kind) {
    size_t length = strlen(word);
    if ((size_t)(scan->end - at) < length || memcmp(at, word, length) != 0)
        return ic_json_refuse(scan, at, "a value");
    ic_json_add(scan, kind);
    return at + length;
}

static place tape_scalar(ic_json_scan *scan, place at, unsigned char first) {
    switch (first) {
    case '"': return ic_json_scan_text(scan, at);
    case 't': return tape_word(scan, at, "true", IC_TAPE_TRUE);
    case 'f': return tape_word(scan, at, "false", IC_TAPE_FALSE);
    case 'n': return tape_word(scan, at, "null", IC_TAPE_NULL);
    default:
        if (first == '-' || (first >= '0' && first <= '9')) return ic_json_scan_number(scan, at);
        return ic_json_refuse(scan, at, "a value");
    }
}

static bool tape_open(ic_json_scan *scan, place at, bool object) {
    if (scan->depth == IC_JSON_MAX_DEPTH) {
        ic_error_set(scan->error, IC_ERR_TOO_LARGE, "JSON nested deeper than %d at byte %zu",
                     IC_JSON_MAX_DEPTH, (size_t)(at - scan->start) + 1);
        return false;
    }
    scan->open[scan->depth].word = (size_t)(scan->next - scan->tape->words);
    scan->open[scan->depth].count = 0;
    scan->open[scan->depth].object = object;
    scan->depth++;
    ic_json_add(scan, object ? IC_TAPE_OBJECT : IC_TAPE_ARRAY);
    return true;
}

static void tape_close(ic_json_scan *scan) {
    scan->depth--;
    uint64_t *word = scan->tape->words + scan->open[scan->depth].word;
    uint64_t count = scan->open[scan->depth].count, words = (uint64_t)(scan->next - word) - 1;
    *word |= count << IC_TAPE_COUNT_SHIFT | words << IC_TAPE_WORDS_SHIFT;
}

/* Reads a scalar. In a container, it reads up to the first scalar, or up to the closing bracket if there
 * is none. */
static place tape_value(ic_json_scan *scan, place at) {
    for (;;) {
        unsigned char first = tape_next_byte(scan, &at);
        if (++scan->values > IC_JSON_MAX_VALUES) {
            ic_error_set(scan->error, IC_ERR_TOO_LARGE, "JSON of more than %d values", IC_JSON_MAX_VALUES);
            return NULL;
        }
        if (!tape_reserve(scan)) return NULL;
        bool object = first == '{';
        if (!object && first != '[') return tape_scalar(scan, at, first);
        if (!tape_open(scan, at, object)) return NULL;
        at++;
        if (tape_next_byte(scan, &at) == (object ? '}' : ']')) return at;
        scan->open[scan->depth - 1].count = 1;
        if (object && !(at = tape_name(scan, at))) return NULL;
    }
}

/* Called after a value: closes the containers that end here, and skips the comma before the next value, with
 * its name in an object. `*done`: the text has ended. */
static place tape_between(ic_json_scan *scan, place at, bool *done) {
    for (;;) {
        unsigned char c = tape_next_byte(scan, &at);
        if (scan->depth == 0) {
            *done = at == scan->end;
            return *done ? at : ic_json_refuse(scan, at, "nothing after the value");
        }
        bool object = scan->open[scan->depth - 1].object;
        if (c == (object ? '}' : ']')) {
            tape_close(scan);
            at++;
        } else if (c == ',') {
            scan->open[scan->depth - 1].count++;
            return object ? tape_name(scan, at + 1) : at + 1;
        } else {
            return ic_json_refuse(scan, at, object ? "',' or '}'" : "',' or ']'");
        }
    }
}

bool ic_tape_read(ic_tape *tape, const char *text, size_t length, ic_error *error) {
    if (length > IC_TAPE_OFFSET_MAX) return ic_json_too_long(error);
    ic_json_scan scan; /* not zeroed as a whole: `open` is large and needs no start value */
    scan.tape = tape;
    scan.error = error;
    scan.values = scan.depth = 0;
    memset(scan.known, 0, sizeof scan.known);
    tape->text = length ? text : "";
    scan.start = (place)tape->text;
    scan.end = scan.start + length;
    while (scan.end > scan.start && tape_is_space(scan.end[-1]))
        scan.end--;

    scan.next = tape->words;
    if (!tape_grow(&scan)) return false;
    place at = scan.start;
    if (length >= 3 && memcmp(at, BYTE_ORDER_MARK, 3) == 0) at += 3;
    bool done = false;
    while (at && !done) {
        at = tape_value(&scan, at);
        if (at) at = tape_between(&scan, at, &done);
    }
    tape->count = (size_t)(scan.next - tape->words);
    if (at && tape->arena.failed) {
        ic_error_memory(error);
        return false;
    }
    return at != NULL;
}

bool ic_tape_take(ic_tape *tape, ic_buf *text, ic_error *error) {
    if (!ic_tape_read(tape, text->data, text->length, error)) return false;
    tape->source = *text;
    *text = (ic_buf){0};
    return true;
}
