/* The system calls of a save. Each is a step that can fail, be interrupted, or be the last that the process
 * or the machine does. A test program that includes this header calls these functions instead of the C
 * library's. */
#ifndef DISK_TRIAL_H
#define DISK_TRIAL_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum disk_fate {
    DISK_FAILS,          /* the step, with disk.cause */
    DISK_FAILS_FOR_EVER, /* the step and all later ones */
    DISK_IS_SHORT,       /* a read or write moves one byte */
    DISK_KILLS,          /* the process dies before the step, or halfway through a write */
    DISK_LOSES_DATA,     /* the machine dies: data that was not synced is gone from the file */
    DISK_LOSES_NAMES     /* … and a rename that was not synced has not happened */
} disk_fate;

static struct {
    long at; /* the step at which it happens, from 1; 0: nothing happens, nothing is counted */
    long steps;
    disk_fate fate;
    int cause;
    bool weak_modes;                  /* fchmod gives everybody the right to read */
    bool no_reserve;                  /* posix_fallocate is not supported */
    bool fast;                        /* fsync returns at once: only a real loss of power would tell */
    void (*on_flock)(int descriptor); /* called once, just before the next flock */
    /* What a loss of power undoes. */
    int unsynced;                /* a descriptor of the file with unsynced data, or -1 */
    int folder;                  /* where something was renamed to `name`, or -1 */
    char name[256], before[256]; /* `before` keeps what had that name; "": nothing had */
    char made[256];              /* a folder whose entry in the one above is not synced; "": none */
} disk = {.unsynced = -1, .folder = -1};

static inline void disk_arm(long at, disk_fate fate, int cause) {
    disk.at = at;
    disk.steps = 0;
    disk.fate = fate;
    disk.cause = cause;
}

/* Ends the trial. Whether it ended before the step that was armed. */
static inline bool disk_disarm(void) {
    bool missed = disk.steps < disk.at;
    disk.at = 0;
    return missed;
}

static inline void disk_lose_power(void) {
    if (disk.unsynced >= 0) syscall(SYS_ftruncate, disk.unsynced, 0L);
    if (disk.fate != DISK_LOSES_NAMES) return;
    if (disk.made[0]) syscall(SYS_renameat2, AT_FDCWD, disk.made, AT_FDCWD, "lost", 0);
    if (disk.folder < 0) return;
    if (disk.before[0])
        syscall(SYS_renameat2, disk.folder, disk.before, disk.folder, disk.name, 0);
    else
        syscall(SYS_unlinkat, disk.folder, disk.name, 0);
}

static inline void disk_die(void) {
    if (disk.fate >= DISK_LOSES_DATA) disk_lose_power();
    raise(SIGKILL);
}

/* Begins a step. False: it fails, with errno. */
static inline bool disk_step(void) {
    if (!disk.at) return false;
    long step = ++disk.steps;
    if (step == disk.at && disk.fate >= DISK_KILLS) disk_die();
    bool hit = step == disk.at || (step > disk.at && disk.fate == DISK_FAILS_FOR_EVER);
    if (hit && disk.fate <= DISK_FAILS_FOR_EVER) errno = disk.cause;
    return hit && disk.fate <= DISK_FAILS_FOR_EVER;
}

/* Begins a transfer of `size` bytes, and says how many to do; -1: it fails, with errno. */
static inline ssize_t disk_transfer(size_t size, bool writing) {
    bool is_it = disk.at && disk.steps + 1 == disk.at;
    if (is_it && disk.fate == DISK_IS_SHORT) {
        disk.steps++;
        return size > 1 ? 1 : (ssize_t)size;
    }
    if (is_it && disk.fate >= DISK_KILLS && writing) return (ssize_t)(size / 2);
    return disk_step() ? -1 : (ssize_t)size;
}

/* Begins a step that signals do not interrupt. */
static inline bool disk_whole_step(void) {
    return disk_step() && disk.cause != EINTR;
}

static inline void disk_forget(int *descriptor) {
    if (*descriptor >= 0) syscall(SYS_close, *descriptor);
    *descriptor = -1;
}

static inline bool disk_is_tracked(void) {
    return disk.at && disk.fate >= DISK_LOSES_DATA;
}

int openat(int folder, const char *path, int flags, ...) {
    va_list values;
    va_start(values, flags);
    int mode = flags & O_CREAT ? va_arg(values, int) : 0;
    va_end(values);
    return disk_step() ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
}

int mkdir(const char *path, mode_t mode) {
    if (disk_whole_step()) return -1;
    int made = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (made == 0 && disk_is_tracked()) strncpy(disk.made, path, sizeof disk.made - 1);
    return made;
}

ssize_t read(int descriptor, void *bytes, size_t size) {
    ssize_t part = disk_transfer(size, false);
    return part < 0 ? -1 : syscall(SYS_read, descriptor, bytes, (size_t)part);
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    ssize_t part = disk_transfer(size, true);
    if (part < 0) return -1;
    if (disk_is_tracked() && disk.unsynced < 0)
        disk.unsynced = (int)syscall(SYS_fcntl, descriptor, F_DUPFD, 0);
    ssize_t written = syscall(SYS_write, descriptor, bytes, (size_t)part);
    if ((size_t)part < size && disk.at && disk.fate >= DISK_KILLS) disk_die();
    return written;
}

int ftruncate(int descriptor, off_t length) {
    if (disk_step()) return -1;
    if (disk_is_tracked() && disk.unsynced < 0)
        disk.unsynced = (int)syscall(SYS_fcntl, descriptor, F_DUPFD, 0);
    return (int)syscall(SYS_ftruncate, descriptor, length);
}

int posix_fallocate(int descriptor, off_t from, off_t length) {
    if (disk.no_reserve) return EOPNOTSUPP;
    if (disk_step()) return errno;
    return syscall(SYS_fallocate, descriptor, 0, from, length) == 0 ? 0 : errno;
}

int fchmod(int descriptor, mode_t mode) {
    if (disk_whole_step()) return -1;
    return (int)syscall(SYS_fchmod, descriptor, disk.weak_modes ? mode | 0044 : mode);
}

/* Whether `found` is the folder in which disk.made lies. */
static inline bool disk_is_above(const struct stat *found) {
    char above[sizeof disk.made + 4];
    struct stat parent;
    snprintf(above, sizeof above, "%s/..", disk.made);
    return stat(above, &parent) == 0 && parent.st_ino == found->st_ino && parent.st_dev == found->st_dev;
}

/* An fsync of a folder keeps what was made or renamed in it; of a file, its data. */
static inline void disk_synced(const struct stat *found) {
    if (S_ISREG(found->st_mode)) {
        disk_forget(&disk.unsynced);
    } else if (disk.made[0] && disk_is_above(found)) {
        disk.made[0] = '\0';
    } else if (disk.folder >= 0) {
        if (disk.before[0]) syscall(SYS_unlinkat, disk.folder, disk.before, 0);
        disk_forget(&disk.folder);
    }
}

int fsync(int descriptor) {
    struct stat found;
    if (disk_step()) return -1;
    if (disk_is_tracked() && fstat(descriptor, &found) == 0) disk_synced(&found);
    return disk.fast ? 0 : (int)syscall(SYS_fsync, descriptor);
}

int renameat(int from_folder, const char *from, int folder, const char *name) {
    if (disk_whole_step()) return -1;
    if (disk_is_tracked()) {
        disk.folder = (int)syscall(SYS_fcntl, folder, F_DUPFD, 0);
        strncpy(disk.name, name, sizeof disk.name - 1);
        strcpy(disk.before, "before");
        syscall(SYS_unlinkat, folder, disk.before, 0);
        if (syscall(SYS_linkat, folder, name, folder, disk.before, 0) != 0) disk.before[0] = '\0';
    }
    return (int)syscall(SYS_renameat2, from_folder, from, folder, name, 0);
}

int unlinkat(int folder, const char *name, int flags) {
    return disk_whole_step() ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

int flock(int descriptor, int operation) {
    void (*happens)(int) = disk.on_flock;
    if (happens) {
        disk.on_flock = NULL;
        happens(descriptor);
    }
    return disk_step() ? -1 : (int)syscall(SYS_flock, descriptor, operation);
}

int close(int descriptor) {
    if (disk.at && disk.fate >= DISK_KILLS)
        disk_step(); /* a close that fails has closed the descriptor too */
    return (int)syscall(SYS_close, descriptor);
}

#endif
