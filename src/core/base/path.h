/* Paths of files that are named by a user. */
#ifndef IC_PATH_H
#define IC_PATH_H

#include "core/base/error.h"

/* The absolute form of a file's path (free with ic_free), so that a later chdir does not lead to another
 * file. Opens nothing. NULL with STORE, when it cannot be the path of a file, or with MEMORY. */
char *ic_path_absolute(const char *path, ic_error *error);

#endif
