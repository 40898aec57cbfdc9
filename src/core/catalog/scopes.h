/* OAuth scopes: the known ones, and which scopes of an operation a token does not have. */
#ifndef IC_SCOPES_H
#define IC_SCOPES_H

#include "core/base/buf.h"
#include <stdbool.h>
#include <stddef.h>

/* The authorization code grant may ask for every scope. */
typedef struct ic_scope {
    const char *name;
    const char *label;       /* what it permits, in a few words */
    bool client_credentials; /* whether the client credentials grant may, too */
} ic_scope;

extern const ic_scope ic_scopes[];
extern const size_t ic_scope_count;

/* The known scope of that name, or NULL: it may be newer than this table, or misspelt. Names are
 * case-sensitive. */
const ic_scope *ic_scope_find(const char *name);
/* The known scope that a misspelt name may mean, or NULL. The name may lack its "public." or "scim.". */
const char *ic_scope_nearest(const char *name);

/* `needed` is as in ic_operation.scopes: "a b" is both, "a|b" is one of them. Appends it as text: "a and b",
 * "a or b"; nothing when no scope is needed. The caller checks out->failed. */
void ic_scopes_describe(const char *needed, ic_buf *out);
/* Appends the scopes of `needed` that are missing in `granted` (separated by spaces), in the same form,
 * and returns whether any are missing. If `granted` is NULL or empty, the granted scopes are unknown and
 * the result is false: a token answer may come without `scope` (RFC 6749, 5.1). The caller checks
 * out->failed. */
bool ic_scopes_missing(const char *needed, const char *granted, ic_buf *out);

#endif
