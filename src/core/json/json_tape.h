/* A tape: the values of a JSON text as one array of 64-bit words, in the order of the text. A scalar is one
 * word or two. The word of an array is followed by its items, the word of an object by its members; a member
 * is its name (a text) and its value. Numbers are in the tape. The bytes of a text are in the source or, when
 * it has escapes or invalid UTF-8, in the tape's arena. */
#ifndef IC_JSON_TAPE_H
#define IC_JSON_TAPE_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Limits of what is read and written: the depth, and the number of values. */
#define IC_JSON_MAX_DEPTH  512
#define IC_JSON_MAX_VALUES 2000000

typedef struct ic_tape {
    uint64_t *words; /* owned; the first is that of the whole value */
    size_t count, capacity;
    const char *text; /* the source: borrowed, or what `source` holds */
    ic_buf source;    /* owned; empty when the source is borrowed */
    ic_buf arena;     /* owned */
    /* Set before reading: a surrogate without its other half is kept as the three bytes that UTF-8 would have
     * for it (WTF-8), and does not become U+FFFD. */
    bool keep_surrogates;
} ic_tape;

/* The low four bits of a word. */
typedef enum ic_tape_kind {
    IC_TAPE_NULL,
    IC_TAPE_FALSE,
    IC_TAPE_TRUE,
    IC_TAPE_INTEGER,      /* at most 60 bits, in the word's other bits */
    IC_TAPE_LONG_INTEGER, /* in the next word */
    IC_TAPE_REAL, /* a double in the next word. Whole numbers up to 2^53 are INTEGER, also 1.0 and 1e3 */
    IC_TAPE_TEXT,
    IC_TAPE_DIGITS, /* an integer beyond 64 bits, or a number beyond a double: its digits in the source */
    IC_TAPE_ARRAY,
    IC_TAPE_OBJECT
} ic_tape_kind;

/* The other bits of a text: 1 for "in the arena", 1 for "seen before", 22 for its length, 36 for its offset.
 */
#define IC_TAPE_ARENA        ((uint64_t)1 << 4)
#define IC_TAPE_SEEN         ((uint64_t)1 << 5)
#define IC_TAPE_LENGTH_SHIFT 6
#define IC_TAPE_LENGTH_MASK  (((uint64_t)1 << 22) - 1) /* this value: the length is in the next word */
#define IC_TAPE_OFFSET_SHIFT 28
#define IC_TAPE_OFFSET_MAX   (((uint64_t)1 << 36) - 1)

/* The other bits of a container: 21 for the number of items or members, 39 for the number of words in it. */
#define IC_TAPE_COUNT_SHIFT 4
#define IC_TAPE_COUNT_MASK  (((uint64_t)1 << 21) - 1)
#define IC_TAPE_WORDS_SHIFT 25

void ic_tape_free(ic_tape *tape);

static inline ic_tape_kind ic_tape_kind_of(uint64_t word) {
    return (ic_tape_kind)(word & 15);
}

/* The functions below get a pointer to a value's first word. */

static inline int64_t ic_tape_integer(const uint64_t *word) {
    return ic_tape_kind_of(*word) == IC_TAPE_INTEGER ? (int64_t)*word >> 4 : (int64_t)word[1];
}

static inline double ic_tape_real(const uint64_t *word) {
    double value;
    memcpy(&value, word + 1, sizeof value);
    return value;
}

/* For TEXT and DIGITS: `*length` bytes, not NUL-terminated. The bytes of a text may include NUL. */
static inline const char *ic_tape_text(const ic_tape *tape, const uint64_t *word, size_t *length) {
    size_t bytes = (size_t)(*word >> IC_TAPE_LENGTH_SHIFT & IC_TAPE_LENGTH_MASK);
    *length = bytes == IC_TAPE_LENGTH_MASK ? (size_t)word[1] : bytes;
    return (*word & IC_TAPE_ARENA ? tape->arena.data : tape->text) + (*word >> IC_TAPE_OFFSET_SHIFT);
}

/* For ARRAY and OBJECT: the number of items or members. */
static inline size_t ic_tape_count(const uint64_t *word) {
    return (size_t)(*word >> IC_TAPE_COUNT_SHIFT & IC_TAPE_COUNT_MASK);
}

/* The word after a scalar; for a container, its first item or name. */
static inline const uint64_t *ic_tape_next(const uint64_t *word) {
    switch (ic_tape_kind_of(*word)) {
    case IC_TAPE_LONG_INTEGER:
    case IC_TAPE_REAL: return word + 2;
    case IC_TAPE_TEXT:
    case IC_TAPE_DIGITS:
        return word + 1 + ((*word >> IC_TAPE_LENGTH_SHIFT & IC_TAPE_LENGTH_MASK) == IC_TAPE_LENGTH_MASK);
    default: return word + 1;
    }
}

/* The word after the whole value. */
static inline const uint64_t *ic_tape_after(const uint64_t *word) {
    bool container = ic_tape_kind_of(*word) >= IC_TAPE_ARRAY;
    return ic_tape_next(word) + (container ? *word >> IC_TAPE_WORDS_SHIFT : 0);
}

#endif
