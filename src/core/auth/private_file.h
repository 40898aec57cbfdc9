/* A file for this user's eyes only, under a lock, and replaced as a whole or not at all: what the token store
 * stands on. It knows nothing of what the file holds.
 *
 * Beside PATH lie PATH.lock, which is never removed, and, while something is being written, PATH.tmp. The
 * folder may be a symbolic link; PATH itself may not. The folder must belong to this user or to root, and
 * nobody else may write to it; that others can list it does no harm, since the file is 0600. The folders
 * above it are not judged.
 *
 * Every failure is a STORE that names the path and says what to do, or a MEMORY. One thread at a time for
 * each ic_private_file. ic_process_prepare comes first: by its fork handler a child closes what it inherits,
 * so that no child keeps the lock. */
#ifndef IC_PRIVATE_FILE_H
#define IC_PRIVATE_FILE_H

#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define IC_PRIVATE_FILE_LARGEST ((size_t)4 * 1024 * 1024)

/* PATH and what lies beside it. */
enum { IC_THE_FILE, IC_ITS_LOCK, IC_ITS_TEMPORARY, IC_PRIVATE_FILES };

typedef struct ic_private_file {
    char *paths[IC_PRIVATE_FILES];          /* absolute; owned */
    char *folder;                           /* owned */
    size_t name_at;                         /* where the name begins in each path */
    unsigned generation;                    /* of the process that opened the descriptors (process.h) */
    int folder_descriptor, lock, temporary; /* -1: not open */
} ic_private_file;

/* Opens nothing. A relative path is taken from where the process is now. To be cleared, whatever came of it.
 */
bool ic_private_file_init(ic_private_file *file, const char *path, ic_error *error);
void ic_private_file_clear(ic_private_file *file); /* unlocks */

/* 1: taken, or held already; 0: another has it, ask again later; -1: `error`. Makes the folder, and those
 * above it, with 0700 when they are missing. The lock goes with the process, however that ends. */
int ic_private_file_lock(ic_private_file *file, ic_error *error);
void ic_private_file_unlock(ic_private_file *file);

/* All below want the lock. */

/* 1: *text (free with ic_free) holds the whole file and a NUL; 0: there is no file; -1: `error`. */
int ic_private_file_read(ic_private_file *file, char **text, size_t *length, ic_error *error);
/* Makes sure that a write of up to `size` bytes will find its file and its room on the disk. */
bool ic_private_file_reserve(ic_private_file *file, size_t size, ic_error *error);
/* Puts these bytes in place of the file: durable when it returns true. On false the file is as it was before,
 * but for one case, which the message names: the new one is in place, and only the disk has not confirmed
 * that it will be after a loss of power. */
bool ic_private_file_write(ic_private_file *file, const char *text, size_t length, ic_error *error);

#endif
