/* The file store: tokens that outlive the process, one file for any number of connections. Every step is durable before
 * the next (write beside, fsync, rename, fsync of the folder), one process at a time (a lock file beside it), for this
 * user's eyes only. Plain functions that block for moments, never for a lock. */
#ifndef IC_STORE_H
#define IC_STORE_H

#include "error.h"
#include <stdbool.h>

/* A token as it is kept. */
typedef struct ic_token {
    char *access_token;  /* NULL: none */
    char *refresh_token; /* NULL: none */
    char *scope;         /* as granted, separated by spaces; NULL: not said */
    double expires_at;   /* Unix seconds; 0: not said */
} ic_token;
void ic_token_clear(ic_token *token); /* frees and zeroes; secrets are overwritten */

typedef struct ic_store ic_store;

/* A store at that path; opens nothing. NULL with MEMORY. */
ic_store *ic_store_new(const char *path, ic_error *error);
void ic_store_free(ic_store *store); /* unlocks; NULL is allowed */

/* Takes the lock that lets one process at a time read, refresh and save: 1 taken, 0 another has it (ask again later),
 * -1 STORE in `error`. Makes the folder (0700) when it is missing. Closed, and so given back, when the process dies. */
int ic_store_lock(ic_store *store, ic_error *error);
void ic_store_unlock(ic_store *store);

/* With the lock held. Reads the token kept under `key`: 1 found, 0 none, -1 STORE. A file that others can read is refused
 * with the command that mends it; one that is truncated or not a token file is refused by name; neither is ever replaced. */
int ic_store_load(ic_store *store, const char *key, ic_token *token, ic_error *error);
/* With the lock held. Makes sure, before a refresh token is spent, that what comes back can be kept: the temporary file
 * is there, writable, and room on the disk is reserved. False with STORE: nothing has changed. */
bool ic_store_prepare(ic_store *store, ic_error *error);
/* With the lock held. Keeps the token under `key` (NULL: forgets it), all others unchanged. False with STORE: what was
 * kept before is kept still. */
bool ic_store_save(ic_store *store, const char *key, const ic_token *token, ic_error *error);

/* A token as JSON, and back: what a store written in Lua is given. */
struct cJSON *ic_token_to_json(const ic_token *token);
bool ic_token_from_json(const struct cJSON *tree, ic_token *token, ic_error *error);

#endif
