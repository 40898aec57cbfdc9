#include "lua/disk.h"
#include "core/base/alloc.h"
#include "core/base/disk_pool.h"
#include "core/base/new_file.h"
#include "core/base/path.h"
#include "core/base/platform.h"
#include "lua/metatable.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_TYPE "ironclad.disk.folder"
#define LOCK_TYPE   "ironclad.disk.lock"
#define CLAIMS_TYPE "ironclad.disk.claims"
#define JOB_TYPE    "ironclad.disk.job"

/* Pushes nil and why. */
static int disk_failed(lua_State *L, const char *what, const char *path, int cause) {
    lua_pushnil(L);
    lua_pushfstring(L, "cannot %s %s: %s", what, path, strerror(cause));
    return 2;
}

/* The same for an error of the core, which it frees. */
static int disk_error(lua_State *L, ic_error *error) {
    char message[512];
    snprintf(message, sizeof message, "%s", ic_error_message(error));
    ic_error_clear(error);
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

static int disk_done(lua_State *L) {
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- writing ---- */

/* write(path, text) -> true: the file is whole and on the disk; nil and why. */
static int disk_write(lua_State *L) {
    size_t length;
    const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &length);
    ic_error error = {0};
    ic_new_file *file = ic_new_file_open(path, &error);
    bool done = file && ic_new_file_write(file, text, length, &error) && ic_new_file_complete(file, &error);
    ic_new_file_free(file);
    return done ? disk_done(L) : disk_error(L, &error);
}

/* check_new(path) -> true: write could make the file, or replace the one that is there; nil and why. Nothing
 * stays in the folder. */
static int disk_check_new(lua_State *L) {
    ic_error error = {0};
    ic_new_file *file = ic_new_file_open(luaL_checkstring(L, 1), &error);
    if (!file) return disk_error(L, &error);
    ic_new_file_free(file);
    return disk_done(L);
}

/* append(path, text, new) -> true: the text is on the disk, at the end of the file; nil and why. With `new`
 * the file's name is on the disk too, because the file may have just been created. */
static int disk_append(lua_State *L) {
    size_t length;
    const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &length);
    bool is_new = lua_toboolean(L, 3);
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return disk_failed(L, "write", path, errno);
    bool done = ic_write_all(descriptor, text, length) && (fsync(descriptor) == 0 || errno == EINVAL) &&
                (!is_new || ic_sync_folder(path));
    int cause = errno;
    close(descriptor);
    return done ? disk_done(L) : disk_failed(L, "write", path, cause);
}

/* ---- while the host's loop continues ---- */

static int disk_job_gc(lua_State *L) {
    ic_disk_job **job = lua_touserdata(L, 1);
    ic_disk_job_release(*job);
    *job = NULL;
    return 0;
}

/* job:result() -> nil while it is under way; then true, or false and why. */
static int disk_job_result(lua_State *L) {
    ic_disk_job **job = luaL_checkudata(L, 1, JOB_TYPE);
    const char *failure = NULL;
    if (!*job || !ic_disk_job_ended(*job, &failure)) return 0;
    lua_pushboolean(L, !failure);
    lua_pushstring(L, failure); /* nil for NULL */
    return 2;
}

/* begin(what, path, text) -> a job that does what write or remove does; nil and why. */
static int disk_begin(lua_State *L) {
    static const char *const names[] = {"write", "remove", NULL};
    bool writes = luaL_checkoption(L, 1, NULL, names) == 0;
    const char *path = luaL_checkstring(L, 2);
    size_t length = 0;
    const char *text = writes ? luaL_checklstring(L, 3, &length) : NULL;
    ic_disk_job **job = lua_newuserdata(L, sizeof(ic_disk_job *));
    *job = NULL;
    luaL_getmetatable(L, JOB_TYPE);
    lua_setmetatable(L, -2);
    ic_error error = {0};
    *job = writes ? ic_disk_pool_write(path, text, length, &error) : ic_disk_pool_remove(path, &error);
    return *job ? 1 : disk_error(L, &error);
}

/* ---- folders ---- */

/* absolute(path, folder) -> the absolute path of a file (true: of a folder), which a later chdir does not
 * change; nil and what is wrong with it. */
static int disk_absolute(lua_State *L) {
    char kept[PATH_MAX];
    ic_error error = {0};
    char *path = ic_path_absolute(luaL_checkstring(L, 1), lua_toboolean(L, 2), &error);
    if (!path) return disk_error(L, &error);
    bool fits = strlen(path) < sizeof kept;
    snprintf(kept, sizeof kept, "%s", path);
    ic_free(path);
    if (!fits) return disk_failed(L, "use", lua_tostring(L, 1), ENAMETOOLONG);
    lua_pushstring(L, kept);
    return 1;
}

/* rename(from, to) -> true: on the disk; nil and why. */
static int disk_rename(lua_State *L) {
    const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    bool done = rename(from, to) == 0 && ic_sync_folder(to) && ic_sync_folder(from);
    return done ? disk_done(L) : disk_failed(L, "rename", from, errno);
}

/* rename_to_new(from, to) -> true: on the disk; false: something has that name; nil and why. */
static int disk_rename_to_new(lua_State *L) {
    const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    if (ic_rename_to_new(from, to)) return disk_done(L);
    if (errno != EEXIST) return disk_failed(L, "write", to, errno);
    lua_pushboolean(L, 0);
    return 1;
}

/* remove(path) -> true: the file is gone, also from the disk; nil and why. */
static int disk_remove(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    return ic_disk_remove(path) ? disk_done(L) : disk_failed(L, "remove", path, errno);
}

/* make_folder(path) -> true; nil and why. Missing folders above it are made too. New ones are this user's
 * only. */
static int disk_make_folder(lua_State *L) {
    char path[PATH_MAX];
    const char *wanted = luaL_checkstring(L, 1);
    if (snprintf(path, sizeof path, "%s", wanted) >= (int)sizeof path)
        return disk_failed(L, "make", wanted, ENAMETOOLONG);
    for (char *at = path + 1; *path; at++) {
        char kept = *at;
        if (kept && kept != '/') continue;
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) return disk_failed(L, "make", path, errno);
        *at = kept;
        if (!kept) break;
    }
    struct stat about;
    if (stat(path, &about) != 0) return disk_failed(L, "make", path, errno);
    return S_ISDIR(about.st_mode) ? disk_done(L) : disk_failed(L, "make", path, ENOTDIR);
}

static int disk_folder_gc(lua_State *L) {
    DIR **folder = lua_touserdata(L, 1);
    if (*folder) closedir(*folder);
    *folder = NULL;
    return 0;
}

/* list(folder) -> the names in it that do not begin with a dot, in no order; nil and why. */
static int disk_list(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    DIR **folder = lua_newuserdata(L, sizeof *folder);
    *folder = NULL;
    luaL_getmetatable(L, FOLDER_TYPE);
    lua_setmetatable(L, -2);
    *folder = opendir(path);
    if (!*folder) return disk_failed(L, "read", path, errno);
    lua_newtable(L);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(*folder));) {
        if (entry->d_name[0] == '.') continue;
        lua_pushstring(L, entry->d_name);
        lua_rawseti(L, -2, ++count);
    }
    closedir(*folder);
    *folder = NULL;
    return 1;
}

/* ---- a lock on a whole file ---- */

static int disk_lock_release(lua_State *L) {
    int *descriptor = luaL_checkudata(L, 1, LOCK_TYPE);
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
    return 0;
}

/* Whether the descriptor's file is still the one at the path. */
static bool disk_is_at(int descriptor, const char *path) {
    struct stat own, there;
    return fstat(descriptor, &own) == 0 && stat(path, &there) == 0 && own.st_dev == there.st_dev &&
           own.st_ino == there.st_ino;
}

/* lock(path) -> a lock on a file that exists, which ends with lock:release() or with the process; false:
 * there is no such file, or someone else has the lock; nil and why. It never waits. */
static int disk_lock(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    int *descriptor = lua_newuserdata(L, sizeof *descriptor);
    *descriptor = -1;
    luaL_getmetatable(L, LOCK_TYPE);
    lua_setmetatable(L, -2);
    *descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (*descriptor < 0 && errno != ENOENT) return disk_failed(L, "open", path, errno);
    bool locked = *descriptor >= 0 && flock(*descriptor, LOCK_EX | LOCK_NB) == 0;
    if (locked && disk_is_at(*descriptor, path)) return 1;
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
    lua_pushboolean(L, 0);
    return 1;
}

/* ---- locks on numbers ---- */

static int *disk_check_claims(lua_State *L) {
    int *descriptor = luaL_checkudata(L, 1, CLAIMS_TYPE);
    luaL_argcheck(L, *descriptor >= 0, 1, "closed");
    return descriptor;
}

static int disk_claims_gc(lua_State *L) {
    int *descriptor = luaL_checkudata(L, 1, CLAIMS_TYPE);
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
    return 0;
}

static int disk_set_lock(lua_State *L, short type, bool wait) {
    int *descriptor = disk_check_claims(L);
    double number = luaL_checknumber(L, 2);
    luaL_argcheck(L, number >= 0 && number < 9e15, 2, "from 0 to 9e15");
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)number, .l_len = 1};
    int result;
    do
        result = fcntl(*descriptor, wait ? IC_LOCK_WAIT : IC_LOCK_NOW, &range);
    while (result != 0 && errno == EINTR);
    lua_pushboolean(L, result == 0);
    return 1;
}

/* claims:take(number) -> whether it has the number now; claims:wait(number) waits for it; claims:drop(number)
 * gives it up. */
static int disk_claims_take(lua_State *L) {
    return disk_set_lock(L, F_WRLCK, false);
}

static int disk_claims_wait(lua_State *L) {
    return disk_set_lock(L, F_WRLCK, true);
}

static int disk_claims_drop(lua_State *L) {
    return disk_set_lock(L, F_UNLCK, false);
}

/* claims(path) -> locks on numbers, held in a file that is made when it is missing. They end with the
 * process. A process must open each path once only: closing any descriptor of the file drops all of its locks
 * (fcntl(2)). nil and why. */
static int disk_claims(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    int *descriptor = lua_newuserdata(L, sizeof *descriptor);
    *descriptor = -1;
    luaL_getmetatable(L, CLAIMS_TYPE);
    lua_setmetatable(L, -2);
    *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return *descriptor >= 0 ? 1 : disk_failed(L, "open", path, errno);
}

/* ---- processes ---- */

/* alive(process id) -> whether there is such a process. */
static int disk_alive(lua_State *L) {
    lua_pushboolean(L, kill((pid_t)luaL_checkinteger(L, 1), 0) == 0 || errno != ESRCH);
    return 1;
}

void ic_lua_open_disk(lua_State *L) {
    static const luaL_Reg folder_metamethods[] = {{"__gc", disk_folder_gc}, {NULL, NULL}},
                          lock_metamethods[] = {{"__gc", disk_lock_release}, {NULL, NULL}},
                          claims_metamethods[] = {{"__gc", disk_claims_gc}, {NULL, NULL}},
                          job_metamethods[] = {{"__gc", disk_job_gc}, {NULL, NULL}},
                          job[] = {{"result", disk_job_result}, {NULL, NULL}},
                          lock[] = {{"release", disk_lock_release}, {NULL, NULL}},
                          claims[] = {{"take", disk_claims_take},
                                      {"wait", disk_claims_wait},
                                      {"drop", disk_claims_drop},
                                      {NULL, NULL}},
                          functions[] = {{"absolute", disk_absolute},
                                         {"write", disk_write},
                                         {"check_new", disk_check_new},
                                         {"append", disk_append},
                                         {"rename", disk_rename},
                                         {"remove", disk_remove},
                                         {"begin", disk_begin},
                                         {"make_folder", disk_make_folder},
                                         {"list", disk_list},
                                         {"lock", disk_lock},
                                         {"claims", disk_claims},
                                         {"alive", disk_alive},
                                         {"rename_to_new", disk_rename_to_new},
                                         {NULL, NULL}};
    ic_lua_make_type(L, FOLDER_TYPE, folder_metamethods, NULL);
    ic_lua_make_type(L, LOCK_TYPE, lock_metamethods, lock);
    ic_lua_make_type(L, CLAIMS_TYPE, claims_metamethods, claims);
    ic_lua_make_type(L, JOB_TYPE, job_metamethods, job);
    lua_newtable(L);
    ic_lua_setfuncs(L, functions);
    lua_setfield(L, -2, "disk");
}
