/* The file store: tokens that outlive the process, in one file for any number of connections. Every step
 * is durable before the next begins (write beside the file, fsync, rename, fsync of the folder), one
 * process at a time has the lock, and only this user can read the file. Functions may block briefly on the
 * disk, but never wait for the lock.
 *
 * The file is {"version": 1, "tokens": {KEY: {"access_token", "refresh_token", "scope", "expires_at"}}}. A
 * save keeps all other members, of the file and of each token. One thing changes: a number that fits neither
 * into 64 bits nor into a double becomes a string (ic_json_parse). A file of a later version is refused and
 * never written.
 *
 * Every error is STORE, with a message that names the path and says what to do, or MEMORY; none holds a
 * token. Modes, folders, links, threads and forks: as private_file.h says. */
#ifndef IC_STORE_H
#define IC_STORE_H

#include "core/auth/token.h"
#include "core/base/error.h"
#include <stdbool.h>

typedef struct ic_store ic_store;

/* A store at that path (a relative one is taken from the current folder). Opens nothing. NULL with STORE when
 * it cannot be the path of a file, or MEMORY. */
ic_store *ic_store_new(const char *path, ic_error *error);
void ic_store_free(ic_store *store); /* unlocks; NULL is allowed */

/* Tries to take the lock that lets one process at a time load, refresh and save. 1: locked, or it was locked
 * before; 0: another holder has it, try again later; -1: `error`. */
int ic_store_lock(ic_store *store, ic_error *error);
void ic_store_unlock(ic_store *store);

/* The functions below need the lock. */

/* Loads the token kept under `key` (UTF-8) into `token`, which is overwritten. 1: found; 0: none, and
 * `token` is empty; -1: `error`. A file that others can read is refused with the command that corrects it.
 * A file that is truncated or not a token file is refused, and the message names it. None of these files
 * is ever replaced. */
int ic_store_load(ic_store *store, const char *key, ic_token *token, ic_error *error);
/* Called before a refresh token is used: makes sure that the next one can be saved. The file may be
 * replaced, the temporary file exists and is writable, and the disk has room for all tokens and 64 KiB
 * more. This holds until the next save or unlock. False: nothing has changed. */
bool ic_store_prepare(ic_store *store, ic_error *error);
/* Saves the token under `key` (NULL: removes it) and keeps all others. ic_store_prepare is not required.
 * False: the file is unchanged, with the exception that ic_private_file_write describes. The save may be
 * tried again. */
bool ic_store_save(ic_store *store, const char *key, const ic_token *token, ic_error *error);

#endif
