#include "core/engine/socket_path.h"
#include "core/base/process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG      4096
#define FOLDER_LIMIT (IC_SOCKET_PATH_SIZE + 32)

/* Guarded by the gate. */
static struct {
    char path[IC_SOCKET_PATH_SIZE]; /* empty: not open */
    char made[FOLDER_LIMIT];        /* the folder, when it was made for this; empty: it stays */
    dev_t device;
    ino_t node;
    bool fresh;   /* the engine has not taken the listener yet */
    int listener; /* of which that is said */
} door;

static void forget(void);
static ic_process_hooks hooks = {.at_exit = ic_socket_remove, .in_child = forget};

static bool is_open(void);
static bool enter(const char *folder, bool ours, ic_error *error);
static void sweep(const char *folder);
static int listen_at(const char *path, ic_error *error);
static void let_go(int descriptor);

static void copy_path(char *path) {
    memcpy(path, door.path, sizeof door.path);
}

/* False: nothing to take over, another thread has opened one meanwhile. */
static bool install(int listener, const char *path, const char *made) {
    struct stat about;
    int unused = -1;
    bool seen = lstat(path, &about) == 0;
    ic_gate_lock();
    bool mine = seen && !is_open();
    if (mine) {
        if (door.fresh) unused = door.listener;
        door.fresh = true;
        door.listener = listener;
        door.device = about.st_dev;
        door.node = about.st_ino;
        snprintf(door.path, sizeof door.path, "%s", path);
        snprintf(door.made, sizeof door.made, "%s", made);
    }
    ic_gate_unlock();
    if (unused >= 0) let_go(unused);
    return mine;
}

static bool open_in(const char *folder, bool ours, ic_error *error) {
    char path[IC_SOCKET_PATH_SIZE];
    unsigned salt = 0; /* tells processes apart that see different process ids in one folder */
    if (getrandom(&salt, sizeof salt, 0) < 0) salt = (unsigned)time(NULL);
    int length = snprintf(path, sizeof path, "%s/ironclad-%ld-%08x.sock", folder, (long)getpid(), salt);
    if (length >= (int)sizeof path) {
        ic_error_set(error, IC_ERR_IO, "socket_dir: a path in %s is %d bytes long, and %d are the most",
                     folder, length, (int)sizeof path - 1);
        return false;
    }
    int listener = listen_at(path, error);
    if (listener < 0) return false;
    if (install(listener, path, ours ? folder : "")) return true;
    let_go(listener);
    unlink(path);
    return true;
}

bool ic_socket_open(const char *folder, const char *temporary, char path[IC_SOCKET_PATH_SIZE],
                    ic_error *error) {
    char own[FOLDER_LIMIT];
    if (!ic_process_add_hooks(&hooks)) {
        ic_error_set(error, IC_ERR_CANCELLED, "the process is exiting");
        return false;
    }
    ic_gate_lock();
    bool open = is_open();
    copy_path(path);
    ic_gate_unlock();
    if (open) return true;
    if (strlen(folder ? folder : temporary) >= IC_SOCKET_PATH_SIZE) {
        ic_error_set(error, IC_ERR_IO, "socket_dir: %s alone is %zu bytes long, and %d are the most",
                     folder ? folder : temporary, strlen(folder ? folder : temporary),
                     IC_SOCKET_PATH_SIZE - 1);
        return false;
    }
    snprintf(own, sizeof own, "%s/ironclad-%ld", temporary, (long)geteuid());
    const char *where = folder ? folder : own;
    /* Another process that ends may remove the folder just before it is used. */
    for (int tries = 3; !open && tries; tries--) {
        ic_error_clear(error);
        if (!enter(where, !folder, error)) return false;
        sweep(where);
        open = open_in(where, !folder, error);
    }
    ic_gate_lock();
    copy_path(path);
    ic_gate_unlock();
    return open;
}

int ic_socket_take(void) {
    ic_gate_lock();
    int listener = door.fresh ? door.listener : -1;
    door.fresh = false;
    ic_gate_unlock();
    return listener;
}

void ic_socket_remove(void) {
    int unused = ic_socket_take();
    if (unused >= 0) let_go(unused);
    ic_gate_lock();
    if (door.path[0]) unlink(door.path);
    if (door.made[0]) rmdir(door.made); /* fails while others have theirs in it */
    door.path[0] = door.made[0] = '\0';
    ic_gate_unlock();
}

/* In a forked child: the file is the parent's. */
static void forget(void) {
    memset(&door, 0, sizeof door);
}

/* The gate is held. */
static bool is_open(void) {
    struct stat about;
    return door.path[0] && lstat(door.path, &about) == 0 && about.st_dev == door.device &&
           about.st_ino == door.node;
}

/* Makes the folder if need be; false unless it is this user's alone. */
static bool enter(const char *folder, bool ours, ic_error *error) {
    const char *name = ours ? "socket_dir (not given; TMPDIR decides)" : "socket_dir";
    struct stat about;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        ic_error_set(error, IC_ERR_IO, "%s: cannot make %s: %s", name, folder, strerror(errno));
    } else if (lstat(folder, &about) != 0) {
        ic_error_set(error, IC_ERR_IO, "%s: cannot look at %s: %s", name, folder, strerror(errno));
    } else if (!S_ISDIR(about.st_mode)) {
        ic_error_set(error, IC_ERR_IO, "%s: %s is no folder", name, folder);
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

/* Whether nobody answers there any more. */
static bool is_dead(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return false;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    bool dead =
        connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
    close(descriptor);
    return dead;
}

static void sweep(const char *folder) {
    char path[IC_SOCKET_PATH_SIZE];
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (struct dirent *entry; (entry = readdir(entries));) {
        size_t length = strlen(entry->d_name);
        if (strncmp(entry->d_name, "ironclad-", 9) != 0 || length < 14 ||
            strcmp(entry->d_name + length - 5, ".sock") != 0)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path && is_dead(path))
            unlink(path);
    }
    closedir(entries);
}

/* The listening descriptor; -1 with IO or MEMORY. */
static int listen_at(const char *path, ic_error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0) {
        ic_error_set(error, IC_ERR_IO, "socket_dir: cannot listen at %s: %s", path, strerror(errno));
    } else if (!ic_process_adopt(listener)) {
        ic_error_memory(error);
        unlink(path);
    } else {
        return listener;
    }
    if (listener >= 0) close(listener);
    return -1;
}

static void let_go(int descriptor) {
    ic_process_disown(descriptor);
    close(descriptor);
}
