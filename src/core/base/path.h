/* Paths of files that are named by a user. */
#ifndef IC_PATH_H
#define IC_PATH_H

#include "core/base/error.h"
#include <stdbool.h>

/* Makes a path absolute (free with ic_free), so that a later chdir does not lead to another file. Opens
 * nothing. A relative path is returned unchanged when the process has no working folder. NULL when out of
 * memory. */
char *ic_path_here(const char *path);
/* The same for the path of a file (or with `folder`, of a folder) that is written. NULL with STORE when it
 * cannot be such a path, a folder (a file) is there, or there is no working folder, or with MEMORY. */
char *ic_path_absolute(const char *path, bool folder, ic_error *error);

#endif
