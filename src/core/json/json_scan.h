/* The state of the strict JSON parser, which has three files: containers (json_tape_read.c), texts
 * (json_text.c) and numbers (json_number.c). Messages count bytes from 1, as Lua does. */
#ifndef IC_JSON_SCAN_H
#define IC_JSON_SCAN_H

#include "core/json/json_tape.h"

/* A short text that has been read, so that the same text gets the same word: its word, and its first and last
 * eight bytes, which are all of it when it has 16 or fewer. */
typedef struct ic_json_known {
    uint64_t word, first, last;
} ic_json_known;

#define IC_JSON_KNOWN 256

typedef struct ic_json_scan {
    const unsigned char *start, *end; /* of the text */
    uint64_t *next, *limit;           /* where the next word goes, and the end of the tape's room */
    ic_tape *tape;                    /* its count is set at the end */
    size_t values, depth;
    struct {
        size_t word; /* its index in the tape */
        uint32_t count;
        bool object;
    } open[IC_JSON_MAX_DEPTH]; /* the containers that are not closed yet */
    ic_json_known known[IC_JSON_KNOWN];
    ic_error *error;
} ic_json_scan;

/* Sets PROTOCOL: `at` is not what was `expected`. Returns NULL. */
const unsigned char *ic_json_refuse(ic_json_scan *scan, const unsigned char *at, const char *expected);

/* Sets TOO_LARGE: the tape cannot tell places so far from the beginning. Returns false. */
bool ic_json_too_long(ic_error *error);

/* Each reads the value that begins at `at` and returns the place after it; NULL with an error. It adds one or
 * two words to the tape, which must have room for two. */

/* `at` is the opening quote. */
const unsigned char *ic_json_scan_text(ic_json_scan *scan, const unsigned char *at);
/* `at` is a digit or a minus sign. */
const unsigned char *ic_json_scan_number(ic_json_scan *scan, const unsigned char *at);

/* Adds a text or digits to the tape: `length` bytes at an offset in the source or, with IC_TAPE_ARENA in
 * `bits`, in the arena. False: TOO_LARGE. (The source is not: its length was
 * checked.) */
bool ic_json_add_text(ic_json_scan *scan, uint64_t bits, size_t offset, size_t length);

static inline void ic_json_add(ic_json_scan *scan, uint64_t word) {
    *scan->next++ = word;
}

#endif
