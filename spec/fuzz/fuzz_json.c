/* JSON: a tape and a tree are read by the same rules, and what is printed from a tree is read again as the
 * same. */
#include "core/json/json.h"
#include "core/json/json_tape_read.h"
#include "core/json/json_text.h"
#include "spec/fuzz/fuzz.h"

/* Walks all of a tape; returns the first word behind the value. */
static const uint64_t *walk(const ic_tape *tape, const uint64_t *word) {
    size_t length, bad;
    const uint64_t *after = ic_tape_after(word), *end = tape->words + tape->count;
    FUZZ_CHECK(word < end && after <= end);
    switch (ic_tape_kind_of(*word)) {
    case IC_TAPE_TEXT:
    case IC_TAPE_DIGITS: {
        const char *text = ic_tape_text(tape, word, &length);
        FUZZ_CHECK(memchr(text, 0, length) || ic_utf8_valid(text, length, &bad));
        break;
    }
    case IC_TAPE_ARRAY:
    case IC_TAPE_OBJECT: {
        bool object = ic_tape_kind_of(*word) == IC_TAPE_OBJECT;
        const uint64_t *at = ic_tape_next(word);
        for (size_t i = ic_tape_count(word); i > 0; i--) {
            if (object) {
                FUZZ_CHECK(ic_tape_kind_of(*at) == IC_TAPE_TEXT);
                at = walk(tape, at);
            }
            at = walk(tape, at);
        }
        FUZZ_CHECK(at == after);
        break;
    }
    default: break;
    }
    return after;
}

static void print_and_parse(const cJSON *tree) {
    char *text = ic_json_print(tree);
    FUZZ_CHECK(text);
    cJSON *again = ic_json_parse(text, strlen(text), NULL);
    char *same = again ? ic_json_print(again) : NULL;
    FUZZ_CHECK(same && strcmp(text, same) == 0);
    ic_json_text_free(same);
    cJSON_Delete(again);
    ic_json_text_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size ? size : 1); /* no NUL behind it: an over-read shows */
    if (!text) abort();
    if (size) memcpy(text, data, size);
    ic_error tape_error = {0}, tree_error = {0};
    ic_tape tape = {0};
    bool read = ic_tape_read(&tape, text, size, &tape_error);
    cJSON *tree = ic_json_parse(text, size, &tree_error);
    FUZZ_CHECK(read == (tree != NULL));
    FUZZ_CHECK(tape_error.kind == tree_error.kind);
    if (!read) FUZZ_CHECK(strcmp(ic_error_message(&tape_error), ic_error_message(&tree_error)) == 0);
    if (read) FUZZ_CHECK(walk(&tape, tape.words) == tape.words + tape.count);
    if (tree) print_and_parse(tree);
    cJSON_Delete(tree);
    ic_tape_free(&tape);
    ic_error_clear(&tape_error);
    ic_error_clear(&tree_error);
    free(text);
    return 0;
}
