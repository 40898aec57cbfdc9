#include "core/base/error.h"
#include "core/base/alloc.h"
#include <stdarg.h>
#include <stdio.h>

/* For each kind its name, and what is said when there was no memory for the message. */
static const struct {
    const char *name, *message;
} kinds[] = {[IC_OK] = {"ok", "no error"},
#define X(constant, kind) [IC_ERR_##constant] = {kind, kind " (out of memory for the details)"},
             IC_ERROR_KINDS(X)
#undef X
};

const char *ic_error_kind_name(ic_error_kind kind) {
    return kinds[kind].name;
}

const char *ic_error_message(const ic_error *error) {
    if (error->message) return error->message;
    return error->kind == IC_ERR_MEMORY ? "out of memory" : kinds[error->kind].message;
}

void ic_error_clear(ic_error *error) {
    ic_free(error->message);
    ic_free(error->code);
    ic_free(error->param);
    ic_free(error->request_id);
    *error = (ic_error){.retry_after = -1};
}

/* Starts over with that kind; only the operation stays. */
static void restart(ic_error *error, ic_error_kind kind) {
    const char *operation = error->operation;
    ic_error_clear(error);
    error->operation = operation;
    error->kind = kind;
}

/* The message is made before the old one is freed: the values may point into the error itself, as when more
 * is said about a message ("token: %s"). */
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
    restart(error, kind);
    error->message = message;
}

void ic_error_memory(ic_error *error) {
    if (error) restart(error, IC_ERR_MEMORY);
}

/* A text for which there is no memory is missing from the copy; everything else is there. */
void ic_error_copy(ic_error *to, const ic_error *from) {
    *to = *from;
    to->message = ic_strdup(from->message);
    to->code = ic_strdup(from->code);
    to->param = ic_strdup(from->param);
    to->request_id = ic_strdup(from->request_id);
}
