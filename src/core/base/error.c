#include "core/base/error.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* `message` is used when there is no memory for the error's own message. */
static const struct {
    const char *name, *message, *meaning, *advice;
} error_kinds[] = {
    [IC_OK] = {"ok", "no error", NULL, NULL},
#define KIND(constant, name, meaning, advice)                                                                \
    [IC_ERR_##constant] = {name, name " (out of memory for the details)", meaning, advice},
#include "core/base/error_kinds.def"
#undef KIND
};

const char *ic_error_kind_name(ic_error_kind kind) {
    return error_kinds[kind].name;
}

const char *ic_error_kind_meaning(ic_error_kind kind) {
    return error_kinds[kind].meaning;
}

const char *ic_error_kind_advice(ic_error_kind kind) {
    return error_kinds[kind].advice;
}

const char *ic_error_message(const ic_error *error) {
    if (error->message) return error->message;
    return error->kind == IC_ERR_MEMORY ? "out of memory" : error_kinds[error->kind].message;
}

void ic_error_clear(ic_error *error) {
    ic_free(error->message);
    ic_free(error->code);
    ic_free(error->param);
    ic_free(error->request_id);
    ic_free(error->attempt_id);
    *error = (ic_error){.retry_after = -1};
}

/* Clears all but the operation, and sets the kind. */
static void error_restart(ic_error *error, ic_error_kind kind) {
    const char *operation = error->operation;
    ic_error_clear(error);
    error->operation = operation;
    error->kind = kind;
}

#define FIELD_LIMIT 256 /* bytes */

/* Takes ownership of the text. NULL when it needs escapes and there is no memory for them. */
static char *error_one_line(char *text) {
    if (!text || !ic_text_needs_escape(text)) return text;
    ic_buf escaped = {0};
    ic_text_escape(&escaped, text, strlen(text), SIZE_MAX);
    ic_free(text);
    return ic_buf_take(&escaped, NULL);
}

/* The message is made before the old one is freed, because the values may point into the error itself:
 * "token: %s" adds to a message. */
void ic_error_set(ic_error *error, ic_error_kind kind, const char *format, ...) {
    if (!error) return;
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, values);
    char *message = length < 0 ? NULL : ic_malloc((size_t)length + 1);
    if (message) vsnprintf(message, (size_t)length + 1, format, again);
    va_end(again);
    va_end(values);
    error_restart(error, kind);
    error->message = error_one_line(message);
}

void ic_error_restate(ic_error *error, const char *message) {
    char *text = error_one_line(ic_strdup(message));
    if (!text) return;
    ic_free(error->message);
    error->message = text;
}

void ic_error_take(char **field, const char *text) {
    if (!text || !*text || *field) return;
    ic_buf escaped = {0};
    ic_text_escape(&escaped, text, strlen(text), FIELD_LIMIT);
    *field = ic_buf_take(&escaped, NULL);
}

void ic_error_memory(ic_error *error) {
    if (error) error_restart(error, IC_ERR_MEMORY);
}

/* When out of memory, texts may be missing in the copy. Everything else is copied. */
void ic_error_copy(ic_error *to, const ic_error *from) {
    *to = *from;
    to->message = ic_strdup(from->message);
    to->code = ic_strdup(from->code);
    to->param = ic_strdup(from->param);
    to->request_id = ic_strdup(from->request_id);
    to->attempt_id = ic_strdup(from->attempt_id);
}
