#include "core/engine/question.h"
#include "core/base/alloc.h"

static void question_clear(ic_question *question) {
    ic_buf_free(&question->bytes);
    ic_free(question->lengths);
    ic_free(question->script);
}

void ic_question_free(ic_question *question) {
    if (!question) return;
    if (question->terms) question_clear(&question->terms->check);
    ic_free(question->terms);
    question_clear(question);
    ic_free(question);
}

bool ic_question_add(ic_question *question, const char *word, size_t length) {
    if (question->count == question->capacity) {
        size_t capacity = question->capacity ? question->capacity * 2 : 8;
        size_t *lengths = ic_realloc(question->lengths, capacity * sizeof *lengths);
        if (!lengths) return false;
        question->lengths = lengths;
        question->capacity = capacity;
    }
    ic_buf_add(&question->bytes, word, length);
    question->lengths[question->count++] = length;
    return !question->bytes.failed;
}

const char **ic_question_words(const ic_question *question) {
    const char **words = ic_malloc((question->count + 1) * sizeof *words), *at = question->bytes.data;
    for (size_t i = 0; words && i < question->count; at += question->lengths[i++])
        words[i] = at ? at : "";
    return words;
}
