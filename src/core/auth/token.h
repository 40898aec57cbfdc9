/* A token in memory, and its JSON in a store. */
#ifndef IC_TOKEN_H
#define IC_TOKEN_H

#include "core/base/error.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct ic_token {
    char *access_token;  /* owned; NULL: none */
    char *refresh_token; /* owned; NULL: none */
    char *scope;         /* owned; as granted, separated by spaces; NULL: unknown */
    double expires_at;   /* Unix seconds; 0: unknown */
} ic_token;

void ic_token_clear(ic_token *token); /* frees and zeroes; secrets are overwritten */
/* Whether it has neither an access token nor a refresh token. */
bool ic_token_is_empty(const ic_token *token);

/* {access_token, refresh_token, scope, expires_at}, as a token file holds it and a store written in Lua is
 * given it. Members that are NULL or 0 are left out. NULL when out of memory. Free with
 * ic_token_free_json. */
cJSON *ic_token_to_json(const ic_token *token);
/* Frees any tree; its texts are overwritten first. NULL is allowed. */
void ic_token_free_json(cJSON *tree);
/* Overwrites `token`. A member that is missing or null counts as not given. Other members are ignored.
 * False with STORE (a member of the wrong type, or neither token) or MEMORY, and an empty `token`. */
bool ic_token_from_json(const cJSON *tree, ic_token *token, ic_error *error);

/* The text members of a token by index, for code that treats them alike. */
enum { IC_TOKEN_TEXTS = 3 };
const char *ic_token_text_name(int index);
const char *ic_token_text(const ic_token *token, int index); /* NULL: none */
/* Adds the members to an object; false when out of memory. */
bool ic_token_add_to(cJSON *object, const ic_token *token);

#endif
