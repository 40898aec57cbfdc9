/* Shared by the programs that test the token store. */
#ifndef STORE_TRIAL_H
#define STORE_TRIAL_H

#include "core/auth/private_file.h"
#include "core/auth/store.h"
#include "core/base/alloc.h"
#include "core/base/process.h"
#include "spec/core/auth/disk_trial.h"
#include "spec/core/check.h"
#include "spec/core/json/json_trial.h"
#include <ftw.h>
#include <limits.h>
#include <sys/wait.h>

#define FILE_NAME "tokens.json"

static char top[PATH_MAX]; /* holds a folder for each test */

/* Makes a new folder and changes into it. */
static inline void enter(const char *name) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", top, name);
    if (mkdir(path, 0700) != 0 || chdir(path) != 0) abort();
}

static inline void write_file(const char *name, const char *text, size_t length, mode_t mode) {
    unlink(name);
    int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0 || write(file, text, length) != (ssize_t)length || fchmod(file, mode) != 0) abort();
    close(file);
}

static inline void put_file(const char *text) {
    write_file(FILE_NAME, text, strlen(text), 0600);
}

/* The file's bytes (at most `size`), NUL-terminated; "" when there is none. */
static inline const char *file_text(const char *name) {
    static char text[4096];
    int file = open(name, O_RDONLY);
    ssize_t count = file < 0 ? 0 : read(file, text, sizeof text - 1);
    text[count < 0 ? 0 : count] = '\0';
    if (file >= 0) close(file);
    return text;
}

static inline bool is_there(const char *name) {
    struct stat found;
    return lstat(name, &found) == 0;
}

static inline mode_t mode_of(const char *name) {
    struct stat found;
    return stat(name, &found) == 0 ? found.st_mode & 07777 : 0;
}

/* Checks that the error is a STORE that says this, names the path and holds no secret. Clears it. */
static inline void expect_error(ic_error *error, const char *wanted, const char *file, int line) {
    const char *message = ic_error_message(error);
    bool good = error->kind == IC_ERR_STORE && strstr(message, wanted) && !strstr(message, "SECRET");
    if (!check_that(good, file, line, "the error is the one expected"))
        printf("    got    %s: %s\n    wanted %s\n", ic_error_kind_name(error->kind), message, wanted);
    ic_error_clear(error);
}
#define EXPECT_ERROR(error, wanted) expect_error((error), (wanted), __FILE__, __LINE__)

static inline ic_store *open_store(const char *path) {
    ic_error error = {0};
    ic_store *store = ic_store_new(path, &error);
    if (!CHECK(store != NULL)) printf("    %s\n", ic_error_message(&error));
    ic_error_clear(&error);
    return store;
}

static inline ic_store *open_locked(const char *path) {
    ic_error error = {0};
    ic_store *store = open_store(path);
    if (!CHECK(ic_store_lock(store, &error) == 1)) printf("    %s\n", ic_error_message(&error));
    ic_error_clear(&error);
    return store;
}

static inline ic_token pair(const char *access, const char *refresh) {
    return (ic_token){.access_token = (char *)access,
                      .refresh_token = (char *)refresh,
                      .scope = "public.records.readRecords",
                      .expires_at = 1767225600.5};
}

static inline const ic_token *old_token(void) {
    static ic_token token;
    token = pair("SECRET-old", "SECRET-old-refresh");
    return &token;
}

static inline const ic_token *new_token(void) {
    static ic_token token;
    token = pair("SECRET-new", "SECRET-new-refresh");
    return &token;
}

static inline bool same_token(const ic_token *a, const ic_token *b) {
    return a->access_token && a->refresh_token && strcmp(a->access_token, b->access_token) == 0 &&
           strcmp(a->refresh_token, b->refresh_token) == 0 && a->scope && strcmp(a->scope, b->scope) == 0 &&
           a->expires_at == b->expires_at;
}

/* Lock, load, prepare if asked, save, unlock: what a refresh does. */
static inline bool save_once(const char *path, const ic_token *token, bool prepared, ic_error *error) {
    ic_token before = {0};
    ic_store *store = ic_store_new(path, error);
    bool saved = store && ic_store_lock(store, error) == 1 &&
                 ic_store_load(store, "key", &before, error) >= 0 &&
                 (!prepared || ic_store_prepare(store, error)) && ic_store_save(store, "key", token, error);
    ic_token_clear(&before);
    ic_store_free(store);
    return saved;
}

static inline void save_well(const char *path, const ic_token *token) {
    ic_error error = {0};
    if (!CHECK(save_once(path, token, true, &error))) printf("    %s\n", ic_error_message(&error));
    ic_error_clear(&error);
}

static inline bool holds(const char *path, const char *key, const ic_token *token) {
    ic_error error = {0};
    ic_token kept = {0};
    ic_store *store = open_locked(path);
    bool same = ic_store_load(store, key, &kept, &error) == 1 && same_token(&kept, token);
    ic_token_clear(&kept);
    ic_error_clear(&error);
    ic_store_free(store);
    return same;
}

static inline int wait_for(pid_t child) {
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int remove_entry(const char *path, const struct stat *found, int type, struct FTW *where) {
    (void)found, (void)type, (void)where;
    return remove(path);
}

/* Makes the folder of this program's tests. The table of descriptors grows now, so that it does not count as
 * a leak later. */
static inline bool begin_tests(void) {
    const char *folder = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/ic-store.XXXXXX", folder && *folder ? folder : "/tmp");
    umask(022);
    bool ready = mkdtemp(top) && ic_process_prepare() && dup2(0, 255) == 255 && ic_process_register(255);
    ic_process_unregister(255);
    close(255);
    return ready;
}

static inline bool end_tests(void) {
    return CHECK(chdir("/") == 0 && nftw(top, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

#endif
