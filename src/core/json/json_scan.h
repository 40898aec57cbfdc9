/* The strict reading of a JSON text, shared by its files: containers (json_tape.c), texts (json_text.c) and
 * numbers (json_number.c). Bytes in messages are counted from 1, as Lua does. */
#ifndef IC_JSON_SCAN_H
#define IC_JSON_SCAN_H

#include "core/json/json.h"
#include "core/json/json_tape.h"

/* A short text that was read, to find it again: its word, and all of its bytes when they are 16 or fewer. */
typedef struct ic_json_known {
    uint64_t word, first, last;
} ic_json_known;

#define IC_JSON_KNOWN 256

typedef struct ic_json_scan {
    const unsigned char *start, *end; /* of the text */
    ic_tape *tape;
    size_t values, depth;
    struct {
        size_t word; /* its index in the tape */
        uint32_t count;
        bool object;
    } open[IC_JSON_MAX_DEPTH]; /* the containers around the place that is read */
    ic_json_known known[IC_JSON_KNOWN];
    ic_error *error;
} ic_json_scan;

/* PROTOCOL: `expected` is not what stands at `at`. Returns NULL. */
const unsigned char *ic_json_refuse(ic_json_scan *scan, const unsigned char *at, const char *expected);

/* Each reads what begins at `at`, adds its words to the tape, which has room for two, and returns the place
 * behind it; NULL with an error. */

/* `at` is the opening quote. */
const unsigned char *ic_json_scan_text(ic_json_scan *scan, const unsigned char *at);
/* `at` is a digit or a minus sign. */
const unsigned char *ic_json_scan_number(ic_json_scan *scan, const unsigned char *at);

/* Adds the word, or the two, of `length` bytes at an offset of the source or, with IC_TAPE_ARENA in `bits`,
 * of the arena. False: TOO_LARGE. */
bool ic_json_add_text(ic_json_scan *scan, uint64_t bits, size_t offset, size_t length);

static inline void ic_json_add(ic_json_scan *scan, uint64_t word) {
    scan->tape->words[scan->tape->count++] = word;
}

#endif
