/* The file store when the process or the machine dies. Every save replaces a pair of tokens by the next one,
 * as a refresh does. Whatever happens, and at whatever step: the pair that is found afterwards must be whole,
 * no older than the last one that was reported as saved, and must not prevent the next save. */
#include "core/auth/store.h"
#include "core/base/alloc.h"
#include "core/base/process.h"
#include "spec/core/auth/disk_trial.h"
#include "spec/core/check.h"
#include "spec/core/json/json_trial.h"
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define KEY "https://na1.ironcladapp.com client"

/* What the saving process reports, in memory that outlives it. */
static struct { atomic_long begun, reported; /* numbers of pairs */ } * told;

static struct { long kills, lost; } figures;

static void pause_briefly(long nanoseconds) {
    nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
}

static ic_store *open_locked(const char *path) {
    ic_error error = {0};
    ic_store *store = ic_store_new(path, &error);
    int taken;
    while ((taken = ic_store_lock(store, &error)) == 0)
        pause_briefly(50000);
    if (taken == 1) return store;
    printf("%s\n", ic_error_message(&error));
    abort();
}

/* The number of the pair under the key; 0: there is none; -1: it is not whole, or cannot be read. */
static long load_pair(ic_store *store, const char *key) {
    ic_error error = {0};
    ic_token token;
    long access = 0, refresh = 0;
    int found = ic_store_load(store, key, &token, &error);
    if (found < 0) printf("%s\n", ic_error_message(&error));
    ic_error_clear(&error);
    if (found <= 0) return found;
    bool whole = token.access_token && sscanf(token.access_token, "access-%ld-end", &access) == 1 &&
                 token.refresh_token && sscanf(token.refresh_token, "refresh-%ld-end", &refresh) == 1 &&
                 strlen(token.refresh_token) > 1000 && token.scope && access == refresh &&
                 token.expires_at == (double)access;
    ic_token_clear(&token);
    return whole ? access : -1;
}

/* Saves a pair that is long enough for a write to be interrupted in the middle. */
static bool save_pair(ic_store *store, const char *key, long number) {
    char access[64], refresh[2048];
    snprintf(access, sizeof access, "access-%ld-end", number);
    snprintf(refresh, sizeof refresh, "refresh-%ld-end%01500ld", number, number);
    ic_token token = {access, refresh, (char *)"public.records.readRecords", (double)number};
    ic_error error = {0};
    bool saved = ic_store_save(store, key, &token, &error);
    if (!saved) printf("%s\n", ic_error_message(&error));
    ic_error_clear(&error);
    return saved;
}

/* Replaces the pair that is there by the next. */
static bool refresh_once(const char *path, bool prepared) {
    ic_error error = {0};
    ic_store *store = open_locked(path);
    long number = load_pair(store, KEY) + 1;
    bool good = number > 0 && (!prepared || ic_store_prepare(store, &error));
    if (good) {
        told->begun = number;
        good = save_pair(store, KEY, number);
        if (good) told->reported = number;
    }
    ic_error_clear(&error);
    ic_store_free(store);
    return good;
}

/* Waits for the child. Whether it was killed. */
static bool was_killed(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    CHECK(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return killed;
}

/* Checks the store after a death. */
static void look(const char *path, long others) {
    ic_store *store = open_locked(path);
    long found = load_pair(store, KEY), beside = load_pair(store, "other");
    ic_store_free(store);
    bool kept = found >= told->reported && found <= told->begun && beside == others;
    figures.lost += !kept;
    if (!CHECK(kept))
        printf("    found %ld and %ld beside it; begun %ld, reported %ld\n", found, beside, (long)told->begun,
               (long)told->reported);
    CHECK(refresh_once(path, true));
}

/* Refreshes in a child that dies at that step. False: the child ended before it. */
static bool die_at(long step, disk_fate fate, const char *path, bool prepared) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        disk_arm(step, fate, 0);
        _exit(refresh_once(path, prepared) ? 0 : 1);
    }
    return was_killed(child);
}

static void remove_store(void) {
    static const char *const names[] = {"tokens.json", "tokens.json.lock", "tokens.json.tmp", "before"};
    for (size_t i = 0; i < 2 * COUNT(names); i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", i % 2 ? "in" : "lost", names[i / 2]);
        unlink(path);
    }
    rmdir("in");
    rmdir("lost");
    told->begun = told->reported = 0;
}

static void begin_store(const char *path) {
    ic_store *store = open_locked(path);
    CHECK(save_pair(store, "other", 42));
    ic_store_free(store);
}

static void test_every_step(void) {
    static const disk_fate fates[] = {DISK_KILLS, DISK_LOSES_DATA, DISK_LOSES_NAMES};
    static const char path[] = "in/tokens.json";
    for (size_t i = 0; i < COUNT(fates); i++)
        for (int way = 0; way < 8; way++) {
            bool prepared = way & 1, exists = way & 2, killed = true;
            disk.no_reserve = way & 4;
            remove_store();
            if (exists) begin_store(path);
            for (long step = 1; killed && step < 1000; step++) {
                if (!exists) remove_store();
                killed = die_at(step, fates[i], path, prepared);
                figures.kills += killed;
                look(path, exists ? 42 : 0);
            }
        }
    disk.no_reserve = false;
    remove_store();
    printf("core/store_crash: %ld kills, one at each step of a save, as process and as machine: %ld tokens "
           "lost\n",
           figures.kills, figures.lost);
    CHECK(figures.kills > 500 && figures.lost == 0);
}

/* A child that refreshes as fast as it can is killed at random times. */
static void test_any_time(void) {
    enum { KILLS = 150 };
    long lost = figures.lost, refreshes = 0;
    begin_store("in/tokens.json");
    for (int i = 0; i < KILLS; i++) {
        long before = told->reported;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            for (;;)
                if (!refresh_once("in/tokens.json", next_random() % 2)) _exit(1);
        while (told->reported == before && waitpid(child, NULL, WNOHANG) == 0)
            sched_yield();
        pause_briefly((long)(next_random() % 1000000));
        kill(child, SIGKILL);
        CHECK(was_killed(child));
        look("in/tokens.json", 42);
        refreshes = told->reported;
    }
    printf("core/store_crash: %d kills at random among %ld refreshes: %ld tokens lost\n", KILLS, refreshes,
           figures.lost - lost);
    remove_store();
}

/* ---- two at once ---- */

enum { WORKERS = 3, ROUNDS = 100 };

/* several processes would write to `told` */
static void *count_up(void *path) {
    bool good = true;
    for (int i = 0; i < ROUNDS; i++) {
        ic_store *store = open_locked(path);
        ic_error error = {0};
        good = ic_store_prepare(store, &error) && save_pair(store, KEY, load_pair(store, KEY) + 1) && good;
        ic_error_clear(&error);
        ic_store_free(store);
    }
    return good ? path : NULL;
}

static void check_count(const char *path, const char *who) {
    ic_store *store = open_locked(path);
    long count = load_pair(store, KEY);
    ic_store_free(store);
    printf("core/store_crash: %d %s, %d refreshes each: %ld updates lost\n", WORKERS, who, ROUNDS,
           WORKERS * ROUNDS - count);
    CHECK(count == WORKERS * ROUNDS);
    remove_store();
}

static void test_processes(void) {
    char path[] = "in/tokens.json";
    pid_t children[WORKERS];
    fflush(stdout);
    for (int i = 0; i < WORKERS; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(count_up(path) ? 0 : 1);
    }
    for (int i = 0; i < WORKERS; i++)
        CHECK(!was_killed(children[i]));
    check_count(path, "processes");
}

static void test_threads(void) {
    char path[] = "in/tokens.json";
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&threads[i], NULL, count_up, path) != 0) abort();
    for (int i = 0; i < WORKERS; i++) {
        void *good;
        pthread_join(threads[i], &good);
        CHECK(good != NULL);
    }
    check_count(path, "threads");
}

int main(void) {
    char top[PATH_MAX];
    const char *folder = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/ic-crash.XXXXXX", folder && *folder ? folder : "/tmp");
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED || !mkdtemp(top) || chdir(top) != 0 || !ic_process_prepare()) return 1;
    disk.fast = true;
    test_every_step();
    test_any_time();
    test_processes();
    test_threads();
    if (chdir("/") != 0 || rmdir(top) != 0) return 1;
    return check_done("store_crash");
}
