#include "core/json/json_stringify.h"
#include "core/base/alloc.h"
#include "core/json/json_scan.h"
#include "core/json/json_tape_read.h"
#include "core/json/json_write.h"
#include <stdlib.h>

#define MAX_INDEX 4294967294u /* ECMA-262, "array index" */

/* A member of an object. */
typedef struct stringify_member {
    const char *name; /* in the tape */
    size_t length;
    const uint64_t *value; /* in the tape */
    size_t place;          /* among the members; the first with this name */
    int64_t index;         /* -1: the name is not an array index */
} stringify_member;

static const uint64_t *stringify_value(ic_buf *out, const ic_tape *tape, const uint64_t *word);

bool ic_json_stringify(ic_buf *out, const char *text, size_t length, ic_error *error) {
    ic_tape tape = {.keep_surrogates = true};
    bool read = ic_tape_read(&tape, text, length, error);
    if (read) stringify_value(out, &tape, tape.words);
    ic_tape_free(&tape);
    if (read && out->failed) ic_error_memory(error);
    return read && !out->failed;
}

/* ---- scalars ---- */

/* The first surrogate in WTF-8 from `at` on, or `end`. UTF-8 has no 0xED before a byte of 0xA0 or more. */
static const char *stringify_surrogate(const char *at, const char *end) {
    while ((at = memchr(at, 0xED, (size_t)(end - at)))) {
        if (end - at >= 3 && (unsigned char)at[1] >= 0xA0) return at;
        at++;
    }
    return end;
}

static void stringify_text(ic_buf *out, const char *text, size_t length) {
    const char *end = text + length, *surrogate = stringify_surrogate(text, end);
    ic_json_write_text(out, text, (size_t)(surrogate - text), NULL);
    while (surrogate < end && !out->failed) {
        unsigned code = 0xD000u | (surrogate[1] & 0x3Fu) << 6 | (surrogate[2] & 0x3Fu);
        const char *rest = surrogate + 3;
        surrogate = stringify_surrogate(rest, end);
        out->length--; /* the quote that closed the piece before */
        ic_buf_printf(out, "\\u%04x", code);
        size_t quote = out->length;
        ic_json_write_text(out, rest, (size_t)(surrogate - rest), NULL);
        if (out->failed) return;
        memmove(out->data + quote, out->data + quote + 1, --out->length - quote);
    }
}

/* An integer beyond 64 bits, or a number beyond a double. */
static void stringify_digits(ic_buf *out, const ic_tape *tape, const uint64_t *word) {
    size_t length;
    const char *digits = ic_tape_text(tape, word, &length);
    ic_json_write_javascript(out, ic_json_double(digits, length));
}

/* ---- objects ---- */

/* The array index that the name is, in its only spelling; or -1. */
static int64_t stringify_index(const char *name, size_t length) {
    const size_t most = 10;
    if (length == 0 || length > most || (name[0] == '0' && length > 1)) return -1;
    int64_t index = 0;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9') return -1;
        index = index * 10 + (name[i] - '0');
    }
    return index <= MAX_INDEX ? index : -1;
}

static int stringify_by_name(const void *left, const void *right) {
    const stringify_member *a = left, *b = right;
    int order = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);
    if (order == 0 && a->length != b->length) order = a->length < b->length ? -1 : 1;
    if (order == 0) order = a->place < b->place ? -1 : 1;
    return order;
}

static int stringify_by_order(const void *left, const void *right) {
    const stringify_member *a = left, *b = right;
    if (a->index >= 0 && b->index >= 0) return a->index < b->index ? -1 : 1;
    if ((a->index >= 0) != (b->index >= 0)) return a->index >= 0 ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

/* Leaves one member for each name: the place of the first, the value of the last. Returns how many. */
static size_t stringify_merge(stringify_member *members, size_t count) {
    size_t kept = 0;
    qsort(members, count, sizeof *members, stringify_by_name);
    for (size_t i = 0; i < count; i++) {
        stringify_member *last = kept ? &members[kept - 1] : NULL;
        if (last && last->length == members[i].length &&
            memcmp(last->name, members[i].name, last->length) == 0)
            last->value = members[i].value;
        else
            members[kept++] = members[i];
    }
    qsort(members, kept, sizeof *members, stringify_by_order);
    return kept;
}

static const uint64_t *stringify_object(ic_buf *out, const ic_tape *tape, const uint64_t *word) {
    size_t count = ic_tape_count(word);
    const uint64_t *after = ic_tape_after(word), *at = word + 1;
    stringify_member *members = ic_malloc(count * sizeof *members);
    out->failed = out->failed || !members;
    for (size_t i = 0; i < count && members; i++) {
        size_t length;
        const char *name = ic_tape_text(tape, at, &length);
        members[i] = (stringify_member){name, length, ic_tape_next(at), i, stringify_index(name, length)};
        at = ic_tape_after(members[i].value);
    }
    if (members) count = stringify_merge(members, count);
    ic_buf_putc(out, '{');
    for (size_t i = 0; i < count && members; i++) {
        if (i) ic_buf_putc(out, ',');
        stringify_text(out, members[i].name, members[i].length);
        ic_buf_putc(out, ':');
        stringify_value(out, tape, members[i].value);
    }
    ic_buf_putc(out, '}');
    ic_free(members);
    return after;
}

/* ---- values ---- */

static const uint64_t *stringify_array(ic_buf *out, const ic_tape *tape, const uint64_t *word) {
    size_t count = ic_tape_count(word);
    word++;
    ic_buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i) ic_buf_putc(out, ',');
        word = stringify_value(out, tape, word);
    }
    ic_buf_putc(out, ']');
    return word;
}

/* Appends the value at `word`; returns the word after it. Containers are at most IC_JSON_MAX_DEPTH deep. */
static const uint64_t *stringify_value(ic_buf *out, const ic_tape *tape, const uint64_t *word) {
    size_t length;
    const char *text;
    switch (ic_tape_kind_of(*word)) {
    case IC_TAPE_FALSE: ic_buf_puts(out, "false"); break;
    case IC_TAPE_TRUE: ic_buf_puts(out, "true"); break;
    case IC_TAPE_INTEGER:
    case IC_TAPE_LONG_INTEGER: ic_json_write_javascript(out, (double)ic_tape_integer(word)); break;
    case IC_TAPE_REAL: ic_json_write_javascript(out, ic_tape_real(word)); break;
    case IC_TAPE_TEXT:
        text = ic_tape_text(tape, word, &length);
        stringify_text(out, text, length);
        break;
    case IC_TAPE_DIGITS: stringify_digits(out, tape, word); break;
    case IC_TAPE_ARRAY: return stringify_array(out, tape, word);
    case IC_TAPE_OBJECT: return stringify_object(out, tape, word);
    default: ic_buf_puts(out, "null");
    }
    return ic_tape_next(word);
}
