/* The JSON of answers beside cJSON, which is lenient where ours is strict. What ours accepts, cJSON reads as
 * the same values; what cJSON prints, ours reads as the same. The differences are these: cJSON refuses a
 * surrogate without its other half and a number of more than 63 characters, ends a text at U+0000, and passes
 * invalid UTF-8 on. */
#include "core/json/json.h"
#include "core/json/json_tape_read.h"
#include "spec/fuzz/fuzz.h"
#include <math.h>

#define NUMBER_MAX 63 /* characters: cJSON's buffer for a number */

static bool has_long_number(const char *text, size_t length) {
    size_t run = 0;
    for (size_t i = 0; i < length; i++) {
        run = text[i] && strchr("0123456789+-eE.", text[i]) ? run + 1 : 0;
        if (run >= NUMBER_MAX) return true;
    }
    return false;
}

static bool has_surrogate(const char *text, size_t length) {
    for (size_t i = 0; i + 3 < length; i++)
        if (text[i] == '\\' && text[i + 1] == 'u' && (text[i + 2] | 32) == 'd' &&
            strchr("89abcdefABCDEF", text[i + 3]))
            return true;
    return false;
}

/* Where cJSON's text cannot be the same, only what comes before is compared. */
static bool same_text(const char *ours, size_t length, const char *theirs) {
    static const char replacement[] = "\xef\xbf\xbd";
    for (size_t i = 0; i < length; i++) {
        if (!ours[i] || (i + 3 <= length && memcmp(ours + i, replacement, 3) == 0)) return true;
        if (ours[i] != theirs[i]) return false;
    }
    return theirs[length] == '\0';
}

static double number_of(const ic_tape *tape, const uint64_t *word) {
    size_t length;
    if (ic_tape_kind_of(*word) == IC_TAPE_REAL) return ic_tape_real(word);
    if (ic_tape_kind_of(*word) != IC_TAPE_DIGITS) return (double)ic_tape_integer(word);
    const char *digits = ic_tape_text(tape, word, &length);
    char *copy = fuzz_text((const uint8_t *)digits, length);
    double value = strtod(copy, NULL);
    free(copy);
    return value;
}

/* Compares a value; returns the first word behind it. */
static const uint64_t *compare(const ic_tape *tape, const uint64_t *word, const cJSON *node) {
    size_t length;
    const char *text;
    switch (ic_tape_kind_of(*word)) {
    case IC_TAPE_NULL: FUZZ_CHECK(cJSON_IsNull(node)); break;
    case IC_TAPE_FALSE: FUZZ_CHECK(cJSON_IsFalse(node)); break;
    case IC_TAPE_TRUE: FUZZ_CHECK(cJSON_IsTrue(node)); break;
    case IC_TAPE_INTEGER:
    case IC_TAPE_LONG_INTEGER:
    case IC_TAPE_REAL:
    case IC_TAPE_DIGITS:
        FUZZ_CHECK(cJSON_IsNumber(node) && number_of(tape, word) == node->valuedouble);
        break;
    case IC_TAPE_TEXT:
        text = ic_tape_text(tape, word, &length);
        FUZZ_CHECK(cJSON_IsString(node) && same_text(text, length, node->valuestring));
        break;
    case IC_TAPE_ARRAY:
    case IC_TAPE_OBJECT: {
        bool object = ic_tape_kind_of(*word) == IC_TAPE_OBJECT;
        const uint64_t *at = ic_tape_next(word);
        const cJSON *child = node->child;
        FUZZ_CHECK(object ? cJSON_IsObject(node) : cJSON_IsArray(node));
        for (size_t i = ic_tape_count(word); i > 0; i--, child = child->next) {
            FUZZ_CHECK(child);
            if (object) {
                text = ic_tape_text(tape, at, &length);
                FUZZ_CHECK(same_text(text, length, child->string));
                at = ic_tape_next(at);
            }
            at = compare(tape, at, child);
        }
        FUZZ_CHECK(!child);
        break;
    }
    }
    return ic_tape_after(word);
}

static bool is_finite(const cJSON *node) {
    if (cJSON_IsNumber(node) && !isfinite(node->valuedouble)) return false;
    for (const cJSON *child = node->child; child; child = child->next)
        if (!is_finite(child)) return false;
    return true;
}

/* What cJSON prints is JSON, though its numbers lose digits. Its text may be too deep for ours. */
static void read_printed(const cJSON *tree) {
    ic_tape tape = {0};
    ic_error error = {0};
    char *text = is_finite(tree) ? cJSON_PrintUnformatted(tree) : NULL;
    if (!text) return;
    bool read = ic_tape_read(&tape, text, strlen(text), &error);
    FUZZ_CHECK(read || error.kind == IC_ERR_TOO_LARGE);
    cJSON *again = cJSON_Parse(text);
    FUZZ_CHECK(again);
    if (read) compare(&tape, tape.words, again);
    cJSON_Delete(again);
    ic_tape_free(&tape);
    ic_error_clear(&error);
    cJSON_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ic_error error = {0};
    ic_tape tape = {0};
    char *text = fuzz_text(data, size);
    bool read = ic_tape_read(&tape, text, size, &error);
    size_t mark =
        size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* cJSON wants a longer text behind it */
    cJSON *tree = cJSON_ParseWithLength(text + mark, size - mark);
    if (read && !has_long_number(text, size) && !(has_surrogate(text, size) && !tree)) {
        FUZZ_CHECK(tree);
        FUZZ_CHECK(compare(&tape, tape.words, tree) == tape.words + tape.count);
    }
    if (tree) read_printed(tree);
    cJSON_Delete(tree);
    ic_tape_free(&tape);
    ic_error_clear(&error);
    free(text);
    return 0;
}
