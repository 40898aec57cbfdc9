/* Opens and removes the file of the engine's unix socket, in a folder that is checked first. */
#include "core/engine/socket_path.h"
#include "core/base/platform.h"
#include "core/base/process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG     4096
#define FOLDER_SIZE (IC_SOCKET_PATH_SIZE + 32)

/* Guarded by the process lock. */
static struct {
    char path[IC_SOCKET_PATH_SIZE]; /* "": not open */
    char made[FOLDER_SIZE];         /* the folder to remove at the end; "": it stays */
    dev_t device;                   /* of the file, to distinguish it from a later one at that path */
    ino_t node;
    bool offered; /* the engine has not taken the listener yet */
    int listener; /* valid while `offered` */
} own;

static void socket_path_close(int descriptor) {
    ic_process_unregister(descriptor);
    close(descriptor);
}

int ic_socket_take(void) {
    ic_process_lock();
    int listener = own.offered ? own.listener : -1;
    own.offered = false;
    ic_process_unlock();
    return listener;
}

void ic_socket_remove(void) {
    int unused = ic_socket_take();
    if (unused >= 0) socket_path_close(unused);
    ic_process_lock();
    if (own.path[0]) unlink(own.path);
    if (own.made[0]) rmdir(own.made); /* fails while others have their files in it */
    own.path[0] = own.made[0] = '\0';
    ic_process_unlock();
}

/* In a forked child: the file is the parent's. */
static void socket_path_forget(void) {
    memset(&own, 0, sizeof own);
}

/* ---- the folder ---- */

/* Makes the folder if need be; false unless it is this user's alone. */
static bool socket_path_enter(const char *folder, bool ours, ic_error *error) {
    const char *name = ours ? "socket_dir (not given; TMPDIR decides)" : "socket_dir";
    struct stat about;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        ic_error_set(error, IC_ERR_IO, "%s: cannot make %s: %s", name, folder, strerror(errno));
    } else if (lstat(folder, &about) != 0) {
        ic_error_set(error, IC_ERR_IO, "%s: cannot look at %s: %s", name, folder, strerror(errno));
    } else if (!S_ISDIR(about.st_mode)) {
        ic_error_set(error, IC_ERR_IO, "%s: %s is not a folder", name, folder);
    } else if (about.st_uid != geteuid()) {
        ic_error_set(error, IC_ERR_IO, "%s: %s belongs to user %ld, not to %ld, who would use it", name,
                     folder, (long)about.st_uid, (long)geteuid());
    } else if (about.st_mode & 077) {
        ic_error_set(error, IC_ERR_IO, "%s: others can enter %s: chmod 700 %s", name, folder, folder);
    } else {
        return true;
    }
    return false;
}

/* Whether no process listens there any more. */
static bool socket_path_is_dead(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = ic_open_socket(AF_UNIX, SOCK_STREAM, 0, true);
    if (descriptor < 0) return false;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    bool dead =
        connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
    close(descriptor);
    return dead;
}

/* Removes what processes that crashed have left in the folder. */
static void socket_path_sweep(const char *folder) {
    char path[IC_SOCKET_PATH_SIZE];
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (struct dirent *entry; (entry = readdir(entries));) {
        size_t length = strlen(entry->d_name);
        if (strncmp(entry->d_name, "ironclad-", 9) != 0 || length < 14 ||
            strcmp(entry->d_name + length - 5, ".sock") != 0)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path &&
            socket_path_is_dead(path))
            unlink(path);
    }
    closedir(entries);
}

/* ---- the socket ---- */

/* The listening descriptor; -1 with IO or MEMORY. */
static int socket_path_listen(const char *path, ic_error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = ic_open_socket(AF_UNIX, SOCK_STREAM, 0, true);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0) {
        ic_error_set(error, IC_ERR_IO, "socket_dir: cannot listen at %s: %s", path, strerror(errno));
    } else if (!ic_process_register(listener)) {
        ic_error_memory(error);
        unlink(path);
    } else {
        return listener;
    }
    if (listener >= 0) close(listener);
    return -1;
}

/* The process lock is held. */
static bool socket_path_is_open(void) {
    struct stat about;
    return own.path[0] && lstat(own.path, &about) == 0 && about.st_dev == own.device &&
           about.st_ino == own.node;
}

/* Makes it this process's socket. False: another thread has opened one meanwhile; nothing was taken. */
static bool socket_path_install(int listener, const char *path, const char *made) {
    struct stat about;
    int unused = -1;
    bool found = lstat(path, &about) == 0;
    ic_process_lock();
    bool mine = found && !socket_path_is_open();
    if (mine) {
        if (own.offered) unused = own.listener;
        own.offered = true;
        own.listener = listener;
        own.device = about.st_dev;
        own.node = about.st_ino;
        snprintf(own.path, sizeof own.path, "%s", path);
        snprintf(own.made, sizeof own.made, "%s", made);
    }
    ic_process_unlock();
    if (unused >= 0) socket_path_close(unused);
    return mine;
}

static bool socket_path_open_in(const char *folder, bool ours, ic_error *error) {
    char path[IC_SOCKET_PATH_SIZE];
    unsigned salt = 0; /* differs even if two processes in this folder have the same id (containers) */
    if (!ic_random_bytes(&salt, sizeof salt)) salt = (unsigned)time(NULL);
    int length = snprintf(path, sizeof path, "%s/ironclad-%ld-%08x.sock", folder, (long)getpid(), salt);
    if (length >= (int)sizeof path) {
        ic_error_set(error, IC_ERR_IO, "socket_dir: a path in %s is %d bytes long; the limit is %d", folder,
                     length, (int)sizeof path - 1);
        return false;
    }
    int listener = socket_path_listen(path, error);
    if (listener < 0) return false;
    if (socket_path_install(listener, path, ours ? folder : "")) return true;
    socket_path_close(listener);
    unlink(path);
    return true;
}

/* Whether the socket is open, and its path. */
static bool socket_path_get(char path[IC_SOCKET_PATH_SIZE]) {
    ic_process_lock();
    bool open = socket_path_is_open();
    memcpy(path, own.path, sizeof own.path);
    ic_process_unlock();
    return open;
}

bool ic_socket_open(const char *folder, const char *temporary, char path[IC_SOCKET_PATH_SIZE],
                    ic_error *error) {
    static ic_process_hooks hooks = {.at_exit = ic_socket_remove, .in_child = socket_path_forget};
    char made[FOLDER_SIZE];
    if (!ic_process_add_hooks(&hooks)) {
        ic_error_set(error, IC_ERR_CANCELLED, "the process is exiting");
        return false;
    }
    bool open = socket_path_get(path);
    if (open) return true;
    if (strlen(folder ? folder : temporary) >= IC_SOCKET_PATH_SIZE) {
        ic_error_set(error, IC_ERR_IO, "socket_dir: %s alone is %zu bytes long; the limit is %d",
                     folder ? folder : temporary, strlen(folder ? folder : temporary),
                     IC_SOCKET_PATH_SIZE - 1);
        return false;
    }
    snprintf(made, sizeof made, "%s/ironclad-%ld", temporary, (long)geteuid());
    const char *where = folder ? folder : made;
    /* Another process that ends may remove the folder just before it is used, and one that starts may take
     * the socket for a dead one between bind and listen. */
    for (int tries = 3; !open && tries; tries--) {
        ic_error_clear(error);
        if (!socket_path_enter(where, !folder, error)) return false;
        socket_path_sweep(where);
        if (socket_path_open_in(where, !folder, error)) {
            open = socket_path_get(path);
            if (!open)
                ic_error_set(error, IC_ERR_IO, "socket_dir: the socket was removed from %s at once", where);
        }
    }
    return open;
}
