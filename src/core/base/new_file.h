/* Writes a file so that its final name never refers to an incomplete file: the bytes go to a temporary file
 * in the same folder, which is renamed when it is complete and on the disk. */
#ifndef IC_NEW_FILE_H
#define IC_NEW_FILE_H

#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ic_new_file ic_new_file;

/* Opens the temporary file. `path` must name a regular file or nothing. A symbolic link at its end stays: the
 * file that it names is replaced, but only when the link is this user's (or root's) and does not lead to
 * another user's folder. The new file gets the permissions that the umask gives; one that replaces a file
 * gets no more than that file had. NULL with IO or MEMORY. */
ic_new_file *ic_new_file_open(const char *path, ic_error *error);
/* False with IO. */
bool ic_new_file_write(ic_new_file *file, const void *bytes, size_t length, ic_error *error);
/* Syncs the temporary file, renames it to its final name, and syncs the folder. `file` must be freed in
 * either case. False with IO; the old file, if there was one, is then still there unless only the
 * last step failed. */
bool ic_new_file_complete(ic_new_file *file, ic_error *error);
/* Removes the temporary file when it was not completed. NULL is allowed. */
void ic_new_file_free(ic_new_file *file);

/* Renames a file to a name that nothing has yet: no file, folder, pipe or link is replaced, whoever else
 * makes it at the same time. Syncs the folder of the new name. False: errno says why, EEXIST when something
 * has the name. */
bool ic_rename_to_new(const char *from, const char *to);

/* Syncs the folder of a path, so that the names in it are durable. Some file systems cannot do that, which is
 * no failure. False: errno says why. */
bool ic_sync_folder(const char *path);

#endif
