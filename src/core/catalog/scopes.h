/* OAuth scopes: the known ones, and which of an operation's a token lacks. */
#ifndef IC_SCOPES_H
#define IC_SCOPES_H

#include "core/base/buf.h"
#include <stdbool.h>
#include <stddef.h>

/* The authorization code grant may ask for every scope. */
typedef struct ic_scope {
    const char *name;
    const char *label;       /* what it permits, in a few words */
    bool client_credentials; /* whether that grant may ask for it too */
} ic_scope;

extern const ic_scope ic_scopes[];
extern const size_t ic_scope_count;

/* The known scope of that name (names are case-sensitive), or NULL: a newer one, or a mistake. */
const ic_scope *ic_scope_find(const char *name);
/* The known scope that a misspelt name may mean, also one given without its "public." or "scim."; or NULL. */
const char *ic_scope_nearest(const char *name);

/* `needed` is as in ic_operation.scopes: "a b" all of them, "a|b" either. Appends it in words: "a and b",
 * "a or b"; nothing when no scope is needed. */
void ic_scopes_describe(const char *needed, ic_buf *out);
/* Appends, in the same words, what of `needed` is not among `granted` (separated by spaces). False, with
 * nothing appended: nothing is lacking, or nothing can be said, as `granted` is NULL or empty, which is what
 * a token answer without `scope` leaves (RFC 6749, 5.1). The caller looks at out->failed. */
bool ic_scopes_missing(const char *needed, const char *granted, ic_buf *out);

#endif
