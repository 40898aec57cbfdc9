#include "core/catalog/scopes.h"
#include "core/base/text.h"
#include <string.h>

/* Part of a text: one scope, or one term of what an operation needs. */
typedef struct span {
    const char *text;
    size_t length;
} span;

const ic_scope ic_scopes[] = {
#define EVERY_GRANT                true
#define AUTHORIZATION_CODE         false
#define SCOPE(name, label, grants) {name, label, grants},
#include "core/catalog/scopes.def"
#undef SCOPE
};
const size_t ic_scope_count = sizeof ic_scopes / sizeof ic_scopes[0];

const ic_scope *ic_scope_find(const char *name) {
    for (size_t i = 0; i < ic_scope_count; i++)
        if (strcmp(ic_scopes[i].name, name) == 0) return &ic_scopes[i];
    return NULL;
}

const char *ic_scope_nearest(const char *name) {
    ic_nearest whole = {.wanted = name}, rest = {.wanted = name};
    const char *nearest_by_rest = NULL;
    for (size_t i = 0; i < ic_scope_count; i++) {
        const char *candidate = ic_scopes[i].name, *before = rest.best;
        ic_nearest_offer(&whole, candidate);
        ic_nearest_offer(&rest, strchr(candidate, '.') + 1);
        if (rest.best != before) nearest_by_rest = candidate;
    }
    return whole.best ? whole.best : nearest_by_rest;
}

/* The next piece of *rest between separators; false when there are no more. */
static bool scope_span_next(const char **rest, const char *end, const char *separators, span *piece) {
    const char *at = *rest;
    while (at < end && strchr(separators, *at))
        at++;
    piece->text = at;
    while (at < end && !strchr(separators, *at))
        at++;
    piece->length = (size_t)(at - piece->text);
    *rest = at;
    return piece->length > 0;
}

static bool scopes_have(const char *list, span scope) {
    span item;
    for (const char *end = list + strlen(list); scope_span_next(&list, end, " ", &item);)
        if (item.length == scope.length && memcmp(item.text, scope.text, scope.length) == 0) return true;
    return false;
}

/* Whether the list has one of the term's alternatives ("a|b"). */
static bool scope_term_satisfied(span term, const char *granted) {
    const char *rest = term.text;
    span scope;
    while (scope_span_next(&rest, term.text + term.length, "|", &scope))
        if (scopes_have(granted, scope)) return true;
    return false;
}

static void scope_term_describe(span term, ic_buf *out) {
    const char *rest = term.text;
    span scope;
    for (bool first = true; scope_span_next(&rest, term.text + term.length, "|", &scope); first = false) {
        if (!first) ic_buf_puts(out, " or ");
        ic_buf_add(out, scope.text, scope.length);
    }
}

/* Appends the terms that `granted` does not satisfy (NULL: all terms), and returns whether there was one. */
static bool scopes_describe_missing(const char *needed, const char *granted, ic_buf *out) {
    const char *end = needed + strlen(needed);
    bool any = false;
    for (span term; scope_span_next(&needed, end, " ", &term);) {
        if (granted && scope_term_satisfied(term, granted)) continue;
        if (any) ic_buf_puts(out, " and ");
        scope_term_describe(term, out);
        any = true;
    }
    return any;
}

void ic_scopes_describe(const char *needed, ic_buf *out) {
    scopes_describe_missing(needed, NULL, out);
}

bool ic_scopes_missing(const char *needed, const char *granted, ic_buf *out) {
    return granted && granted[strspn(granted, " ")] && scopes_describe_missing(needed, granted, out);
}
