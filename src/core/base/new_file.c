#include "core/base/new_file.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 8   /* symbolic links that are followed */
#define NAMES_MAX 100 /* names that are tried for the temporary file */

struct ic_new_file {
    char *path;      /* as the caller named it, for messages */
    char *final;     /* the file that is made, links followed */
    char *temporary; /* NULL: there is none */
    int descriptor;  /* -1: closed */
};

static bool new_file_fail(const char *path, const char *why, ic_error *error) {
    ic_error_set(error, IC_ERR_IO, "cannot write %s: %s", path, why);
    return false;
}

/* The folder of a path, with its slash; of length 0 for the working folder. */
static size_t new_file_folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static char *new_file_folder(const char *path) {
    size_t length = new_file_folder_length(path);
    return length ? ic_strndup(path, length) : ic_strdup(".");
}

/* Replaces file->final by what the link there names. */
static bool new_file_follow(ic_new_file *file, ic_error *error) {
    char target[PATH_MAX];
    ssize_t length = readlink(file->final, target, sizeof target - 1);
    if (length < 0) return new_file_fail(file->path, strerror(errno), error);
    target[length] = '\0';
    ic_buf next = {0};
    if (*target != '/') ic_buf_add(&next, file->final, new_file_folder_length(file->final));
    ic_buf_puts(&next, target);
    char *text = ic_buf_take(&next, NULL);
    if (!text) return ic_error_memory(error), false;
    ic_free(file->final);
    file->final = text;
    return true;
}

static bool new_file_is_trusted(uid_t owner) {
    return owner == geteuid() || owner == 0;
}

/* Whether the folder that a link has led to may be written to. */
static bool new_file_check_folder(const ic_new_file *file, ic_error *error) {
    struct stat about;
    char *folder = new_file_folder(file->final);
    if (!folder) return ic_error_memory(error), false;
    bool good = stat(folder, &about) != 0 || new_file_is_trusted(about.st_uid);
    ic_free(folder);
    return good || new_file_fail(file->path, "it is a link into another user's folder", error);
}

/* Follows links one by one, so that the system still protects the way to each of them. Sets `mode` to the
 * permissions of the file that is there, or -1. */
static bool new_file_find(ic_new_file *file, int *mode, ic_error *error) {
    struct stat about;
    for (int followed = 0; followed <= LINKS_MAX; followed++) {
        *mode = -1;
        if (lstat(file->final, &about) != 0) {
            if (errno != ENOENT) return new_file_fail(file->path, strerror(errno), error);
            return !followed || new_file_check_folder(file, error);
        }
        if (S_ISLNK(about.st_mode)) {
            /* As /dev/stdout: what is open there must be neither replaced nor written over. */
            if (ic_text_starts(file->final, "/proc/"))
                return new_file_fail(file->path, "it is an open file of a process, and not a path", error);
            if (!new_file_is_trusted(about.st_uid))
                return new_file_fail(file->path, "it is another user's link", error);
            if (!new_file_follow(file, error)) return false;
            continue;
        }
        if (S_ISDIR(about.st_mode))
            return new_file_fail(file->path, "it is a folder; give the path of a file", error);
        if (!S_ISREG(about.st_mode)) return new_file_fail(file->path, "it is not a regular file", error);
        *mode = (int)(about.st_mode & 0777);
        return !followed || new_file_check_folder(file, error);
    }
    return new_file_fail(file->path, strerror(ELOOP), error);
}

/* The umask is learned from the new file, because reading it would change it for other threads. */
static bool new_file_set_mode(const ic_new_file *file, int mode) {
    struct stat about;
    if (mode < 0) return true;
    return fstat(file->descriptor, &about) == 0 &&
           fchmod(file->descriptor, (mode_t)mode & about.st_mode & 0777) == 0;
}

/* Opens the temporary file in the same folder, so that renaming it never crosses file systems. */
static bool new_file_open_temporary(ic_new_file *file, int mode, ic_error *error) {
    for (int tries = 0; tries < NAMES_MAX; tries++) {
        ic_buf name = {0};
        ic_buf_add(&name, file->final, new_file_folder_length(file->final));
        ic_buf_printf(&name, ".%08lx.part", (unsigned long)(ic_random() * 4294967296.0));
        char *temporary = ic_buf_take(&name, NULL);
        if (!temporary) return ic_error_memory(error), false;
        file->descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file->descriptor >= 0) {
            file->temporary = temporary;
            return new_file_set_mode(file, mode) || new_file_fail(file->path, strerror(errno), error);
        }
        ic_free(temporary);
        if (errno != EEXIST) break;
    }
    return new_file_fail(file->path, strerror(errno), error);
}

ic_new_file *ic_new_file_open(const char *path, ic_error *error) {
    int mode;
    ic_new_file *file = ic_calloc(1, sizeof *file);
    if (!file) return ic_error_memory(error), NULL;
    file->descriptor = -1;
    file->path = ic_strdup(path);
    file->final = ic_strdup(path);
    if (!file->path || !file->final)
        ic_error_memory(error);
    else if (new_file_find(file, &mode, error) && new_file_open_temporary(file, mode, error))
        return file;
    ic_new_file_free(file);
    return NULL;
}

bool ic_new_file_write(ic_new_file *file, const void *bytes, size_t length, ic_error *error) {
    return ic_write_all(file->descriptor, bytes, length) || new_file_fail(file->path, strerror(errno), error);
}

bool ic_sync_folder(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".") >=
        (int)sizeof folder)
        return errno = ENAMETOOLONG, false;
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno == EACCES; /* it may be writable without being readable */
    bool synced = fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP;
    int cause = errno;
    close(descriptor);
    errno = cause;
    return synced;
}

/* For file systems without hard links. */
static bool new_file_rename_if_free(const char *from, const char *to) {
    struct stat about;
    if (lstat(to, &about) == 0) return errno = EEXIST, false;
    return errno == ENOENT && rename(from, to) == 0;
}

bool ic_rename_to_new(const char *from, const char *to) {
    if (link(from, to) == 0)
        unlink(from);
    else if (errno == EEXIST || errno == ENOENT || !new_file_rename_if_free(from, to))
        return false;
    return ic_sync_folder(to);
}

bool ic_new_file_complete(ic_new_file *file, ic_error *error) {
    bool synced = fsync(file->descriptor) == 0 || errno == EINVAL;
    int cause = errno, descriptor = file->descriptor;
    file->descriptor = -1;
    if (close(descriptor) != 0 && synced) synced = false, cause = errno;
    if (!synced) return new_file_fail(file->path, strerror(cause), error);
    bool renamed = rename(file->temporary, file->final) == 0;
    if (renamed) {
        ic_free(file->temporary);
        file->temporary = NULL;
        synced = ic_sync_folder(file->final) || new_file_fail(file->path, strerror(errno), error);
    } else {
        new_file_fail(file->path, strerror(errno), error);
    }
    return renamed && synced;
}

void ic_new_file_free(ic_new_file *file) {
    if (!file) return;
    if (file->descriptor >= 0) close(file->descriptor);
    if (file->temporary) unlink(file->temporary);
    ic_free(file->temporary);
    ic_free(file->final);
    ic_free(file->path);
    ic_free(file);
}
