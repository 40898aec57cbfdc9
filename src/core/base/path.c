#include "core/base/path.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool path_can_be_kept(const char *path, bool folder, ic_error *error) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!folder && (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
        ic_error_set(error, IC_ERR_STORE, "\"%s\" is not the path of a file: name a file in that folder",
                     path);
    else if (ic_text_starts(path, "~/"))
        ic_error_set(error, IC_ERR_STORE, "%s: only a shell expands ~; give the path in full", path);
    else if (ic_text_starts(path, "file:"))
        ic_error_set(error, IC_ERR_STORE, "%s: give the path alone, without \"file:\"", path);
    else
        return true;
    return false;
}

char *ic_path_here(const char *path) {
    char here[PATH_MAX];
    ic_buf absolute = {0};
    if (*path != '/' && getcwd(here, sizeof here)) ic_buf_printf(&absolute, "%s/", here);
    ic_buf_puts(&absolute, path);
    return ic_buf_take(&absolute, NULL);
}

/* What exists at the path must be what is meant. Nothing may exist there yet. */
static bool path_fits(const char *path, bool folder, ic_error *error) {
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISDIR(found.st_mode) == !folder) return true;
    if (folder)
        ic_error_set(error, IC_ERR_STORE, "expected the path of a folder, \"%s\" is a file", path);
    else
        ic_error_set(error, IC_ERR_STORE,
                     "expected the path of a file, \"%s\" is a folder: name a file in it", path);
    return false;
}

char *ic_path_absolute(const char *path, bool folder, ic_error *error) {
    if (!path_can_be_kept(path, folder, error)) return NULL;
    errno = 0;
    char *absolute = ic_path_here(path);
    if (absolute && *absolute == '/') {
        if (path_fits(absolute, folder, error)) return absolute;
    } else if (absolute) {
        ic_error_set(error, IC_ERR_STORE, "cannot find the folder of %s: %s; give an absolute path", path,
                     strerror(errno));
    } else {
        ic_error_memory(error);
    }
    ic_free(absolute);
    return NULL;
}
