/* Access tokens and their scopes. */
#ifndef IC_SANDBOX_TOKENS_H
#define IC_SANDBOX_TOKENS_H

#include "sandbox/company/access.h"

/* Licenses the scopes in a list separated by spaces; NULL: all known scopes. It may be called once, on a new
 * company. false: no memory. */
bool ic_scopes_license(ic_company *company, const char *list);
/* The bits of the scopes in a list separated by spaces; NULL: all. false: a scope is not licensed. */
bool ic_scopes_parse(const ic_company *company, const char *list, uint64_t scopes[2]);
/* The names of the token's scopes, as a JSON array. */
cJSON *ic_scopes_print(const ic_company *company, const ic_token *token);

/* Adds a new token: of the consent's user, or of the company when `consent` is NULL. NULL: no memory. */
ic_token *ic_token_new(ic_company *company, const uint64_t scopes[2], const ic_consent *consent);
bool ic_token_has(const ic_company *company, const ic_token *token, const char *scope, size_t length);

#endif
