/* Access tokens and the scopes that they carry. */
#ifndef IC_SANDBOX_TOKENS_H
#define IC_SANDBOX_TOKENS_H

#include "sandbox/world/world.h"

/* Licenses the scopes in a list parted by spaces; NULL: all known ones. To be done once, on a new world.
 * false: no memory. */
bool ic_scopes_license(ic_world *world, const char *list);
/* The bits of the scopes in a list parted by spaces; NULL stands for all. false: one is not licensed. */
bool ic_scopes_parse(const ic_world *world, const char *list, uint64_t scopes[2]);
/* The token's scopes as names, for an answer. */
cJSON *ic_scopes_print(const ic_world *world, const ic_token *token);

/* A new token in the world, of a person's consent or (NULL) the company's. NULL: no memory. */
ic_token *ic_token_new(ic_world *world, const uint64_t scopes[2], const ic_consent *consent);
bool ic_token_has(const ic_world *world, const ic_token *token, const char *scope, size_t length);

#endif
