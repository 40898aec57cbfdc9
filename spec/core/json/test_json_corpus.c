/* A corpus of JSON texts, most of them mutations, with what the first parser of this project (cJSON behind a
 * strict pass) made of each. A line of corpus.txt is a text, a tab, and "=" with what it is printed as, or
 * "!" with the error. Bytes that are no printable ASCII are written as \xHH, a backslash as two. */
#include "core/base/alloc.h"
#include "core/json/json_tape_read.h"
#include "spec/core/check.h"
#include "spec/core/json/json_trial.h"

#define CORPUS "spec/core/json/corpus.txt"

/* In place; returns the new length. */
static size_t unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from;) {
        char hex[3] = {0};
        if (*from != '\\') {
            *to++ = *from++;
        } else if (from[1] == '\\') {
            *to++ = '\\', from += 2;
        } else {
            memcpy(hex, from + 2, 2);
            *to++ = (char)strtoul(hex, NULL, 16), from += 4;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* The tape's own structure: the words of every container end where it says. */
static const uint64_t *walk(const uint64_t *word) {
    ic_tape_kind kind = ic_tape_kind_of(*word);
    const uint64_t *after = ic_tape_after(word), *at = ic_tape_next(word);
    size_t count = kind >= IC_TAPE_ARRAY ? ic_tape_count(word) : 0;
    for (; count; count--) {
        if (kind == IC_TAPE_OBJECT) at = ic_tape_next(at);
        at = walk(at);
    }
    CHECK(at == after);
    return after;
}

static void check_tape(const char *text, size_t length) {
    ic_tape tape = {0};
    if (CHECK(ic_tape_read(&tape, text, length, NULL))) CHECK(walk(tape.words) == tape.words + tape.count);
    ic_tape_free(&tape);
}

static void check_line(char *line) {
    char *wanted = strchr(line, '\t');
    if (!CHECK(wanted)) return;
    *wanted++ = '\0';
    size_t length = unescape(line);
    unescape(wanted);
    ic_error error = {0};
    char *printed = reprinted(line, length, &error);
    if (!CHECK_TEXT(printed ? printed : ic_error_message(&error), wanted + 1))
        printf("    of     %.*s\n", (int)length, line);
    CHECK((printed != NULL) == (*wanted == '='));
    if (printed) check_tape(line, length);
    ic_json_text_free(printed);
    ic_error_clear(&error);
}

int main(void) {
    char line[2048];
    size_t lines = 0;
    FILE *corpus = fopen(CORPUS, "r");
    for (; CHECK(corpus) && fgets(line, sizeof line, corpus); lines++) {
        line[strcspn(line, "\n")] = '\0';
        check_line(line);
    }
    if (corpus) fclose(corpus);
    CHECK(lines > 800);
    CHECK(ic_alloc_live() == 0);
    return check_done("json_corpus");
}
