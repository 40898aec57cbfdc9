/* A file that only this user can read, under a lock, and replaced as a whole or not at all. The token
 * store and the state of change triggers are built on it. This code does not interpret the contents.
 *
 * The same folder also holds PATH.lock, which is never removed, and PATH.tmp, which exists during a write.
 * The folder may be a symbolic link; PATH itself may not. The folder must belong to this user or to root, and
 * no other user may write to it. Others may list it, since the file's mode is 0600. The folders above it are
 * not checked.
 *
 * Every failure is STORE, with a message that names the path and says what to do, or MEMORY. An
 * ic_private_file is used by one thread at a time. ic_process_prepare must have been called: its fork handler
 * closes the descriptors in a child, so that no child keeps the lock. */
#ifndef IC_PRIVATE_FILE_H
#define IC_PRIVATE_FILE_H

#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define IC_PRIVATE_FILE_LARGEST ((size_t)4 * 1024 * 1024) /* bytes; what `largest` is at first */

/* The parts of a private file: indices of its paths. */
enum { IC_PART_FILE, IC_PART_LOCK, IC_PART_TEMPORARY, IC_PART_COUNT };

typedef struct ic_private_file {
    char *paths[IC_PART_COUNT];             /* absolute; owned */
    char *folder;                           /* owned */
    size_t name_at;                         /* offset of the file's name in each path */
    unsigned generation;                    /* of the process that opened the descriptors (process.h) */
    int folder_descriptor, lock, temporary; /* -1: not open */
    size_t largest;                         /* bytes; a larger file is not read */
} ic_private_file;

/* Opens nothing. A relative path is taken from the current folder. The file must be cleared, even after
 * false. */
bool ic_private_file_init(ic_private_file *file, const char *path, ic_error *error);
void ic_private_file_clear(ic_private_file *file); /* unlocks */

/* Tries to lock, without waiting. 1: locked, or it was locked before; 0: another holder has the lock, try
 * again later; -1: `error`. Makes missing folders with mode 0700. The system releases the lock when the
 * process ends, however that happens. */
int ic_private_file_lock(ic_private_file *file, ic_error *error);
void ic_private_file_unlock(ic_private_file *file);

/* The functions below need the lock. */

/* Reads the whole file. 1: *text (free with ic_free) holds it and a NUL; 0: there is no file; -1: `error`. */
int ic_private_file_read(ic_private_file *file, char **text, size_t *length, ic_error *error);
/* Makes the temporary file and reserves `size` bytes on the disk, so that a later write of up to that size
 * does not run out of space. */
bool ic_private_file_reserve(ic_private_file *file, size_t size, ic_error *error);
/* Replaces the file by these bytes. True: they are on the disk. False: the file is unchanged, with one
 * exception: the new file is in place, but the disk has not confirmed that it survives a loss of power.
 * The message then says so. */
bool ic_private_file_write(ic_private_file *file, const char *text, size_t length, ic_error *error);
/* Adds these bytes to the end of the file, which must be there. True: they are on the disk. False: the file
 * is as it was, or, if the disk fails even then or the process dies, ends with a part of them. */
bool ic_private_file_append(ic_private_file *file, const char *text, size_t length, ic_error *error);

#endif
