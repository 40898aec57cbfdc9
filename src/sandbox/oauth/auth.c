/* Authentication and authorization: the token, its scopes, and the user who acts. */
#include "sandbox/oauth/auth.h"
#include "core/base/text.h"
#include "sandbox/oauth/tokens.h"
#include <string.h>

/* The three messages are Ironclad's. */
bool ic_authenticate(ic_exchange *x) {
    const char *header = ic_exchange_header(x, "Authorization");
    const char *message = "invalid authentication token";
    if (header && strncasecmp(header, "Bearer ", 7) == 0)
        x->token = ic_index_get(&x->company->tokens_by_text, header + 7);
    if (x->token && x->token->revoked)
        message = "token has been revoked";
    else if (x->token && x->token->expires <= ic_company_now(x->company))
        message = "token has expired";
    else if (x->token)
        return true;
    ic_reply_error(x, 401, "UNAUTHORIZED", NULL, "%s", message);
    return false;
}

/* In the catalog's scopes, words separated by spaces are all required; of words separated by '|' one is
 * enough. */
static bool auth_has_scopes(const ic_exchange *x) {
    const char *at = x->operation->scopes;
    while (*at) {
        size_t group = strcspn(at, " ");
        bool one = false;
        for (size_t start = 0; start < group;) {
            size_t length = strcspn(at + start, "| ");
            one = one || ic_token_has(x->company, x->token, at + start, length);
            start += length + 1;
        }
        if (!one) return false;
        at += group + (at[group] == ' ');
    }
    return true;
}

/* A user's token always acts as that user. A token by client credentials belongs to the company: each request
 * names the user in a header. */
static bool auth_find_actor(ic_exchange *x, bool needed) {
    x->user = x->token->user;
    if (x->user) return true;
    const char *name = "x-as-user-email", *value = ic_exchange_header(x, name);
    if (!value) value = ic_exchange_header(x, name = "x-as-user-id");
    if (!value) {
        if (needed)
            ic_reply_error(x, 400, "MISSING_PARAM", "x-as-user-email",
                           "missing required header 'x-as-user-email' or 'x-as-user-id'");
        return !needed;
    }
    x->user = ic_company_user(x->company, value);
    if (!x->user) ic_reply_error(x, 400, "INVALID_PARAM", name, "no such user in this company: '%s'", value);
    return x->user != NULL;
}

bool ic_authorize(ic_exchange *x, bool needs_actor) {
    if (!auth_has_scopes(x)) {
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "access forbidden");
        return false;
    }
    return auth_find_actor(x, needs_actor);
}
