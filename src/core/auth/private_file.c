/* A private file in three parts (PATH, PATH.lock, PATH.tmp), reached through a descriptor of its folder. */
#include "core/auth/private_file.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/path.h"
#include "core/base/platform.h"
#include "core/base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const part_suffixes[IC_PART_COUNT] = {"", ".lock", ".tmp"};

/* ---- errors ---- */

static const struct {
    int cause;
    const char *advice;
} private_file_advices[] = {
    {ENOSPC, "make room on that disk"},
    {EDQUOT, "this user's part of the disk is used up: make room, or have the quota raised"},
    {EFBIG, "raise the limit on the size of files (ulimit -f)"},
    {EROFS, "choose a path on a file system that can be written to"},
    {EACCES, "give this user the right to read and write there, or choose another path"},
    {EPERM, "give this user the right to read and write there, or choose another path"},
    {ENAMETOOLONG, "choose a shorter path"},
    {ENOTDIR, "a part of the path is a file, not a folder: choose another path"},
    {ELOOP, "a symbolic link is not followed here: remove it, or choose the path that it leads to"},
    {EMFILE, "too many files are open in this process: close some, or raise the limit (ulimit -n)"},
    {ENOLCK, "choose a path on a file system that supports locks"},
    {EIO, "check the disk"},
};

static void private_file_explain(ic_error *error, const char *doing, const char *path, int cause) {
    const char *advice = "correct that, or choose another path";
    if (cause == ENOMEM) {
        ic_error_memory(error);
        return;
    }
    for (size_t i = 0; i < sizeof private_file_advices / sizeof *private_file_advices; i++)
        if (private_file_advices[i].cause == cause) advice = private_file_advices[i].advice;
    ic_error_set(error, IC_ERR_STORE, "cannot %s %s: %s; %s", doing, path, strerror(cause), advice);
}

/* "PATH: WHAT; run: COMMAND PATH", the path in quotes where a shell needs them. */
static void private_file_explain_command(ic_error *error, const char *path, const char *what,
                                         const char *command) {
    ic_buf quoted = {0};
    bool needs_quotes =
        path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+,@%")];
    if (needs_quotes) ic_buf_putc(&quoted, '\'');
    for (const char *at = path; *at; at++)
        if (*at == '\'')
            ic_buf_puts(&quoted, "'\\''");
        else
            ic_buf_putc(&quoted, *at);
    if (needs_quotes) ic_buf_putc(&quoted, '\'');
    const char *text = ic_buf_text(&quoted);
    if (text)
        ic_error_set(error, IC_ERR_STORE, "%s: %s; run: %s %s", path, what, command, text);
    else
        ic_error_memory(error);
    ic_buf_free(&quoted);
}

static void private_file_explain_owner(ic_error *error, const char *path, uid_t owner) {
    ic_error_set(
        error, IC_ERR_STORE,
        "%s belongs to another user (%lu, this one is %lu); run as that user, or choose another path", path,
        (unsigned long)owner, (unsigned long)geteuid());
}

/* ---- the path ---- */

static bool private_file_name_parts(ic_private_file *file, const char *absolute) {
    size_t slash = (size_t)(strrchr(absolute, '/') - absolute);
    file->name_at = slash + 1;
    file->folder = ic_strndup(absolute, slash ? slash : 1);
    for (int part = 0; part < IC_PART_COUNT; part++) {
        ic_buf path = {0};
        ic_buf_printf(&path, "%s%s", absolute, part_suffixes[part]);
        file->paths[part] = ic_buf_take(&path, NULL);
        if (!file->paths[part]) return false;
    }
    return file->folder != NULL;
}

static const char *private_file_name(const ic_private_file *file, int part) {
    return file->paths[part] + file->name_at;
}

bool ic_private_file_init(ic_private_file *file, const char *path, ic_error *error) {
    *file = (ic_private_file){
        .folder_descriptor = -1, .lock = -1, .temporary = -1, .largest = IC_PRIVATE_FILE_LARGEST};
    char *absolute = ic_path_absolute(path, false, error);
    if (!absolute) return false;
    bool named = private_file_name_parts(file, absolute);
    ic_free(absolute);
    if (!named) ic_error_memory(error);
    return named;
}

/* ---- descriptors: registered, so that a forked child closes them ---- */

/* A descriptor, or -1 with errno. Never blocks, not even on a FIFO. */
static int private_file_open(int folder, const char *path, int flags) {
    int descriptor;
    do
        descriptor = openat(folder, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0 || ic_process_register(descriptor)) return descriptor;
    close(descriptor);
    errno = ENOMEM;
    return -1;
}

static void private_file_close(int *descriptor) {
    if (*descriptor < 0) return;
    ic_process_unregister(*descriptor);
    close(*descriptor);
    *descriptor = -1;
}

static int private_file_open_part(const ic_private_file *file, int part, int flags) {
    return private_file_open(file->folder_descriptor, private_file_name(file, part), flags | O_NOFOLLOW);
}

/* Checks type, owner and permissions. Those of the lock and the temporary file are set first, whatever the
 * umask. */
static bool private_file_check_part(const ic_private_file *file, int part, int descriptor, ic_error *error) {
    const char *path = file->paths[part];
    struct stat found;
    int failed = fstat(descriptor, &found);
    if (!failed && part != IC_PART_FILE && found.st_uid == geteuid() && (found.st_mode & 07777) != 0600)
        failed = fchmod(descriptor, 0600) != 0 || fstat(descriptor, &found) != 0;
    if (failed)
        private_file_explain(error, "look at", path, errno);
    else if (S_ISDIR(found.st_mode))
        ic_error_set(error, IC_ERR_STORE, "%s is a folder, not a file; choose another path", path);
    else if (!S_ISREG(found.st_mode))
        ic_error_set(error, IC_ERR_STORE, "%s is not a plain file; remove it, or choose another path", path);
    else if (found.st_uid != geteuid())
        private_file_explain_owner(error, path, found.st_uid);
    else if (!(found.st_mode & (S_IRWXG | S_IRWXO)))
        return true;
    else if (part == IC_PART_FILE)
        private_file_explain_command(error, path, "other users can read it or write to it", "chmod 600");
    else
        ic_error_set(error, IC_ERR_STORE,
                     "%s: its file system does not keep secrets from other users; choose a path on another",
                     path);
    return false;
}

/* ---- the folder ---- */

static bool private_file_sync(int descriptor) {
    while (fsync(descriptor) != 0)
        if (errno != EINTR) return false;
    return true;
}

/* Syncs the parent folder, so that the entry of a new folder is durable, if this user may open the parent. */
static void private_file_sync_above(char *path) {
    char *slash = strrchr(path, '/');
    *slash = '\0';
    int above = private_file_open(AT_FDCWD, slash == path ? "/" : path, O_RDONLY | O_DIRECTORY);
    *slash = '/';
    if (above >= 0) private_file_sync(above);
    private_file_close(&above);
}

/* Makes the folder and those above it. `path` is changed meanwhile and restored. False with errno. */
static bool private_file_make_folder(char *path) {
    bool made = mkdir(path, 0700) == 0;
    char *slash = strrchr(path, '/');
    if (!made && errno == ENOENT && slash && slash != path) {
        *slash = '\0';
        bool above = private_file_make_folder(path);
        *slash = '/';
        if (!above) return false;
        made = mkdir(path, 0700) == 0;
    }
    if (made) private_file_sync_above(path);
    return made || errno == EEXIST;
}

/* Anyone who may write to the folder can replace the file. The message only offers a command for this
 * user's own folders, and /tmp is not one. */
static bool private_file_check_folder(const ic_private_file *file, ic_error *error) {
    struct stat found;
    if (fstat(file->folder_descriptor, &found) != 0)
        private_file_explain(error, "look at", file->folder, errno);
    else if (found.st_uid != geteuid() && found.st_uid != 0)
        private_file_explain_owner(error, file->folder, found.st_uid);
    else if (!(found.st_mode & (S_IWGRP | S_IWOTH)))
        return true;
    else if (found.st_uid == geteuid() && !(found.st_mode & S_ISVTX))
        private_file_explain_command(error, file->folder, "other users can write to the folder of this file",
                                     "chmod go-w");
    else
        ic_error_set(error, IC_ERR_STORE,
                     "%s: other users can write to this folder; choose a path in a folder of your own",
                     file->folder);
    return false;
}

static bool private_file_open_folder(ic_private_file *file, ic_error *error) {
    const int flags = O_RDONLY | O_DIRECTORY;
    file->folder_descriptor = private_file_open(AT_FDCWD, file->folder, flags);
    if (file->folder_descriptor < 0 && errno == ENOENT) {
        if (!private_file_make_folder(file->folder)) {
            private_file_explain(error, "make the folder", file->folder, errno);
            return false;
        }
        file->folder_descriptor = private_file_open(AT_FDCWD, file->folder, flags);
    }
    if (file->folder_descriptor >= 0) return private_file_check_folder(file, error);
    private_file_explain(error, "open the folder", file->folder, errno);
    return false;
}

/* ---- the temporary file ---- */

static void private_file_remove_temporary(ic_private_file *file) {
    if (file->temporary < 0) return;
    unlinkat(file->folder_descriptor, private_file_name(file, IC_PART_TEMPORARY), 0);
    private_file_close(&file->temporary);
}

/* Makes a new, empty file. First removes what a crash has left there, which may be a link to anything. */
static bool private_file_open_temporary(ic_private_file *file, ic_error *error) {
    const char *path = file->paths[IC_PART_TEMPORARY];
    private_file_remove_temporary(file);
    if (unlinkat(file->folder_descriptor, private_file_name(file, IC_PART_TEMPORARY), 0) != 0 &&
        errno != ENOENT) {
        private_file_explain(error, "remove", path, errno);
        return false;
    }
    file->temporary = private_file_open_part(file, IC_PART_TEMPORARY, O_WRONLY | O_CREAT | O_EXCL);
    if (file->temporary < 0) {
        private_file_explain(error, "make", path, errno);
        return false;
    }
    if (private_file_check_part(file, IC_PART_TEMPORARY, file->temporary, error)) return true;
    private_file_remove_temporary(file);
    return false;
}

/* ---- the lock ---- */

static bool private_file_is_locked(const ic_private_file *file) {
    return file->lock >= 0 && file->generation == ic_process_generation();
}

static bool private_file_expect_lock(const ic_private_file *file, ic_error *error) {
    if (private_file_is_locked(file)) return true;
    ic_error_set(error, IC_ERR_STORE, "%s is used without its lock; lock it first",
                 file->paths[IC_PART_FILE]);
    return false;
}

/* Whether the locked file is the one that others will lock: it may have been removed. */
static bool private_file_lock_is_current(const ic_private_file *file) {
    struct stat taken, there;
    return fstat(file->lock, &taken) == 0 &&
           fstatat(file->folder_descriptor, private_file_name(file, IC_PART_LOCK), &there,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
           taken.st_dev == there.st_dev && taken.st_ino == there.st_ino;
}

/* As ic_private_file_lock. flock, not fcntl: it excludes other threads and Lua states of this process too. */
static int private_file_take_lock(ic_private_file *file, ic_error *error) {
    const char *path = file->paths[IC_PART_LOCK];
    file->lock = private_file_open_part(file, IC_PART_LOCK, O_RDWR | O_CREAT);
    if (file->lock < 0) {
        private_file_explain(error, "open", path, errno);
        return -1;
    }
    if (!private_file_check_part(file, IC_PART_LOCK, file->lock, error)) return -1;
    while (flock(file->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno == EWOULDBLOCK) return 0;
        private_file_explain(error, "lock", path, errno);
        return -1;
    }
    return private_file_lock_is_current(file);
}

/* The lock is released explicitly: a process that was forked just between open and ic_process_register shares
 * the descriptor, and closing it here alone would leave the lock in place. */
void ic_private_file_unlock(ic_private_file *file) {
    if (file->generation == ic_process_generation()) {
        private_file_remove_temporary(file);
        if (file->lock >= 0) flock(file->lock, LOCK_UN);
        private_file_close(&file->lock);
        private_file_close(&file->folder_descriptor);
    }
    file->lock = file->folder_descriptor = file->temporary = -1;
}

int ic_private_file_lock(ic_private_file *file, ic_error *error) {
    if (private_file_is_locked(file)) return 1;
    ic_private_file_unlock(file); /* drops what was inherited from the parent process */
    file->generation = ic_process_generation();
    int taken = private_file_open_folder(file, error) ? private_file_take_lock(file, error) : -1;
    if (taken != 1) ic_private_file_unlock(file);
    return taken;
}

void ic_private_file_clear(ic_private_file *file) {
    ic_private_file_unlock(file);
    for (int part = 0; part < IC_PART_COUNT; part++)
        ic_free(file->paths[part]);
    ic_free(file->folder);
    *file = (ic_private_file){.folder_descriptor = -1, .lock = -1, .temporary = -1};
}

/* ---- reading ---- */

/* The number of bytes read, fewer than `size` only at the file's end; -1 with errno. */
static ssize_t private_file_read_all(int descriptor, char *bytes, size_t size) {
    size_t got = 0;
    while (got < size) {
        ssize_t count = read(descriptor, bytes + got, size - got);
        if (count == 0) break;
        if (count > 0)
            got += (size_t)count;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)got;
}

/* Reads into one block of exactly the file's size: growing a block would leave copies of secrets behind. */
static char *private_file_read_whole(const ic_private_file *file, int descriptor, size_t *length,
                                     ic_error *error) {
    const char *path = file->paths[IC_PART_FILE];
    struct stat found = {0};
    if (fstat(descriptor, &found) == 0 && found.st_size > (off_t)file->largest) {
        ic_error_set(error, IC_ERR_STORE, "%s is larger than %zu bytes; choose another path", path,
                     file->largest);
        return NULL;
    }
    size_t size = (size_t)found.st_size;
    char *text = ic_malloc(size + 1);
    if (!text) {
        ic_error_memory(error);
        return NULL;
    }
    ssize_t count = private_file_read_all(descriptor, text, size + 1);
    if (count >= 0 && (size_t)count == size) {
        text[size] = '\0';
        *length = size;
        return text;
    }
    if (count < 0)
        private_file_explain(error, "read", path, errno);
    else
        ic_error_set(error, IC_ERR_STORE, "%s was changed while it was read, without its lock; try again",
                     path);
    ic_wipe(text, size + 1);
    ic_free(text);
    return NULL;
}

int ic_private_file_read(ic_private_file *file, char **text, size_t *length, ic_error *error) {
    if (!private_file_expect_lock(file, error)) return -1;
    int descriptor = private_file_open_part(file, IC_PART_FILE, O_RDONLY);
    if (descriptor < 0 && errno == ENOENT) return 0;
    if (descriptor < 0) {
        private_file_explain(error, "open", file->paths[IC_PART_FILE], errno);
        return -1;
    }
    bool good = private_file_check_part(file, IC_PART_FILE, descriptor, error);
    *text = good ? private_file_read_whole(file, descriptor, length, error) : NULL;
    private_file_close(&descriptor);
    return *text ? 1 : -1;
}

/* ---- writing ---- */

/* 0, or an errno. Where the file system cannot reserve, zeros are written through to the disk. */
static int private_file_reserve_room(int descriptor, size_t size) {
    static const char zeros[4096];
    int cause = ic_reserve_room(descriptor, size);
    if (cause != EOPNOTSUPP && cause != EINVAL && cause != ENOSYS) return cause;
    for (size_t left = size, count; left; left -= count) {
        count = left < sizeof zeros ? left : sizeof zeros;
        if (!ic_write_all(descriptor, zeros, count)) return errno;
    }
    return private_file_sync(descriptor) && lseek(descriptor, 0, SEEK_SET) == 0 ? 0 : errno;
}

bool ic_private_file_reserve(ic_private_file *file, size_t size, ic_error *error) {
    if (!private_file_expect_lock(file, error) || !private_file_open_temporary(file, error)) return false;
    int cause = private_file_reserve_room(file->temporary, size);
    if (!cause) return true;
    private_file_explain(error, "reserve room for", file->paths[IC_PART_TEMPORARY], cause);
    private_file_remove_temporary(file);
    return false;
}

static bool private_file_set_length(int descriptor, size_t length) {
    while (ftruncate(descriptor, (off_t)length) != 0)
        if (errno != EINTR) return false;
    return true;
}

static bool private_file_rename(ic_private_file *file) {
    int folder = file->folder_descriptor;
    return renameat(folder, private_file_name(file, IC_PART_TEMPORARY), folder,
                    private_file_name(file, IC_PART_FILE)) == 0;
}

/* Some file systems cannot sync a folder and report that: nothing more can be done there. */
static bool private_file_sync_folder(const ic_private_file *file) {
    return private_file_sync(file->folder_descriptor) || errno == EINVAL || errno == EOPNOTSUPP;
}

bool ic_private_file_write(ic_private_file *file, const char *text, size_t length, ic_error *error) {
    if (!private_file_expect_lock(file, error)) return false;
    if (file->temporary < 0 && !private_file_open_temporary(file, error)) return false;
    bool written = ic_write_all(file->temporary, text, length) &&
                   private_file_set_length(file->temporary, length) && private_file_sync(file->temporary);
    if (!written || !private_file_rename(file)) {
        private_file_explain(error, written ? "replace" : "write",
                             file->paths[written ? IC_PART_FILE : IC_PART_TEMPORARY], errno);
        private_file_remove_temporary(file);
        return false;
    }
    private_file_close(&file->temporary);
    if (private_file_sync_folder(file)) return true;
    ic_error_set(error, IC_ERR_STORE,
                 "%s was written, but the disk did not confirm that it will outlast a loss of power: %s; "
                 "check the disk",
                 file->paths[IC_PART_FILE], strerror(errno));
    return false;
}

/* Appends the whole text or nothing: a part that was written before a failure is cut off. */
bool ic_private_file_append(ic_private_file *file, const char *text, size_t length, ic_error *error) {
    if (!private_file_expect_lock(file, error)) return false;
    struct stat before;
    const char *path = file->paths[IC_PART_FILE];
    int descriptor = private_file_open_part(file, IC_PART_FILE, O_WRONLY | O_APPEND);
    if (descriptor < 0 || fstat(descriptor, &before) != 0) {
        private_file_explain(error, "open", path, errno);
        private_file_close(&descriptor);
        return false;
    }
    bool good = private_file_check_part(file, IC_PART_FILE, descriptor, error);
    if (good && !(ic_write_all(descriptor, text, length) && private_file_sync(descriptor))) {
        private_file_explain(error, "write", path, errno);
        private_file_set_length(descriptor, (size_t)before.st_size);
        good = false;
    }
    private_file_close(&descriptor);
    return good;
}
