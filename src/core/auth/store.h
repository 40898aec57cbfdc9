/* The file store: tokens that outlive the process, in one file for any number of connections. Every step is
 * durable before the next begins (write beside the file, fsync, rename, fsync of the folder), one process at
 * a time has the lock, and only this user can read the file. Functions may block for moments on the disk, but
 * never wait for the lock.
 *
 * The file is {"version": 1, "tokens": {KEY: {"access_token", "refresh_token", "scope", "expires_at"}}}. A
 * save keeps other members of the whole and of a token as they are (except what ic_json_parse turns into
 * text: a number beyond 64 bits or beyond the doubles). A file of a later version is refused and never
 * written.
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

/* Tries to take the lock that lets one process at a time load, refresh and save. 1: locked, or it was
 * already; 0: another process has it, ask again later; -1: `error`. */
int ic_store_lock(ic_store *store, ic_error *error);
void ic_store_unlock(ic_store *store);

/* The functions below need the lock. */

/* Loads the token kept under `key` (UTF-8) into `token`, which is overwritten. 1: found; 0: none, and `token`
 * is empty; -1: `error`. A file that others can read is refused with the command that corrects it. A
 * truncated file, or one that is no token file, is refused by name. None of them is ever replaced. */
int ic_store_load(ic_store *store, const char *key, ic_token *token, ic_error *error);
/* Makes sure, before a refresh token is spent, that its successor can be saved: the file may be replaced, the
 * temporary file is there and writable, and the disk has room for all tokens and 64 KiB more. Holds until the
 * next save or unlock. False: nothing has changed. */
bool ic_store_prepare(ic_store *store, ic_error *error);
/* Saves the token under `key` (NULL: removes it) and keeps all others. Need not be prepared. False: the file
 * is as before, except in the case of ic_private_file_write. It may be tried again. */
bool ic_store_save(ic_store *store, const char *key, const ic_token *token, ic_error *error);

#endif
