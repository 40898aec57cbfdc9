/* The file store: tokens that outlive the process, one file for any number of connections. Every step is
 * durable before the next (write beside, fsync, rename, fsync of the folder), one process at a time (a lock
 * file beside it), for this user's eyes only. Plain functions that block for moments, never for a lock.
 *
 * The file is {"version": 1, "tokens": {KEY: {"access_token", "refresh_token", "scope", "expires_at"}}}.
 * Other members, of the whole and of a token, are kept as they are when it is saved (but for what
 * ic_json_parse turns into text: an integer beyond 2^53). A file of a greater version is refused and never
 * written.
 *
 * The file is 0600. Its folder is made (0700, and so those above it) when it is missing; one that is there
 * may be read by others, since they cannot read the file, but not written to. The folder may be a symbolic
 * link, the file may not: it is replaced by renaming, which would leave the link's target behind.
 *
 * Every error is a STORE that names the path and says what to do, or a MEMORY; no token is ever in one. One
 * thread at a time for each ic_store. ic_process_prepare (process.h) comes first, so that forked children do
 * not keep the lock; in a child, a store of its parent's is not locked. */
#ifndef IC_STORE_H
#define IC_STORE_H

#include "core/auth/token.h"
#include "core/base/error.h"
#include <stdbool.h>

typedef struct ic_store ic_store;

/* A store at that path (a relative one: from where the process is now); opens nothing. NULL with STORE when
 * it cannot be the path of a file, or MEMORY. */
ic_store *ic_store_new(const char *path, ic_error *error);
void ic_store_free(ic_store *store); /* unlocks; NULL is allowed */

/* Takes the lock that lets one process at a time read, refresh and save: 1 taken (or held already), 0 another
 * has it (ask again later), -1 `error`. Makes the folder (0700) when it is missing. Closed, and so given
 * back, when the process dies. */
int ic_store_lock(ic_store *store, ic_error *error);
void ic_store_unlock(ic_store *store);

/* With the lock held. Reads the token kept under `key` (any UTF-8) into `token`, which it overwrites: 1
 * found, 0 none (`token` is empty), -1 `error`. A file that others can read is refused with the command that
 * mends it; one that is truncated or not a token file is refused by name; neither is ever replaced. */
int ic_store_load(ic_store *store, const char *key, ic_token *token, ic_error *error);
/* With the lock held. Makes sure, before a refresh token is spent, that what comes back can be kept: the file
 * is one that may be replaced, the temporary file is there, writable, and room on the disk is reserved for
 * all that is kept and 64 KiB more. False: nothing has changed. Lasts until the next save or unlock. */
bool ic_store_prepare(ic_store *store, ic_error *error);
/* With the lock held, prepared or not. Keeps the token under `key` (NULL: forgets it), all others unchanged.
 * False: what was kept before is kept still, but for one case, which the message names: it was saved, and the
 * disk has not confirmed that it will outlast a loss of power. It may be tried again. */
bool ic_store_save(ic_store *store, const char *key, const ic_token *token, ic_error *error);

#endif
