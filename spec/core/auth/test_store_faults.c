/* The token store when a step fails, memory runs out, or the disk is full. The death of the process or the
 * machine is in test_store_crash.c. */
#include "spec/core/auth/store_trial.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

/* ---- steps that fail ---- */

static int descriptors(void) {
    int count = 0;
    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

typedef struct trial {
    disk_fate fate;
    int cause;
    bool succeeds; /* at whatever step it happens */
} trial;

/* One save whose nth step fails: the old token or the new one is there, and the result says which. False:
 * there is no nth step. */
static bool try_step(const trial *trial, long at, bool prepared, bool exists) {
    ic_error error = {0};
    if (exists)
        save_well("in/" FILE_NAME, old_token());
    else if (is_there("in/" FILE_NAME))
        unlink("in/" FILE_NAME), unlink("in/" FILE_NAME ".lock"), rmdir("in");
    int before = descriptors();
    long live = ic_alloc_live();
    disk_arm(at, trial->fate, trial->cause);
    bool saved = save_once("in/" FILE_NAME, new_token(), prepared, &error);
    bool missed = disk_disarm();
    CHECK(descriptors() == before);
    CHECK(saved || (!trial->succeeds && !missed));
    if (!saved) {
        bool unconfirmed = strstr(ic_error_message(&error), "did not confirm") != NULL;
        const ic_token *kept = unconfirmed ? new_token() : old_token();
        if (trial->fate != DISK_FAILS_FOR_EVER) CHECK(!is_there("in/" FILE_NAME ".tmp"));
        CHECK((exists || unconfirmed) == holds("in/" FILE_NAME, "key", kept));
        EXPECT_ERROR(&error, top);
    }
    CHECK(ic_alloc_live() == live);
    save_well("in/" FILE_NAME, new_token()); /* the next save works */
    return !missed;
}

static void test_failing_steps(void) {
    static const trial trials[] = {{DISK_FAILS, EIO, false},          {DISK_FAILS, ENOSPC, false},
                                   {DISK_FAILS_FOR_EVER, EIO, false}, {DISK_FAILS_FOR_EVER, EROFS, false},
                                   {DISK_FAILS, EINTR, true},         {DISK_IS_SHORT, 0, true}};
    long steps = 0;
    enter("steps");
    mkdir("in", 0700);
    for (size_t i = 0; i < COUNT(trials); i++)
        for (int way = 0; way < 8; way++) {
            disk.no_reserve = way & 4;
            for (long at = 1; at < 1000 && try_step(&trials[i], at, way & 1, way & 2); at++)
                steps++;
        }
    disk.no_reserve = false;
    printf("core/store_faults: %ld failing steps\n", steps);
    CHECK(steps > 500);
}

/* File systems that cannot sync a folder. */
static void test_folder_sync(void) {
    enter("folder sync");
    static const int causes[] = {EINVAL, EOPNOTSUPP, EIO};
    for (size_t i = 0; i < COUNT(causes); i++)
        for (long at = 1; at < 100; at++) {
            ic_error error = {0};
            disk_arm(at, DISK_FAILS, causes[i]);
            bool saved = save_once(FILE_NAME, new_token(), true, &error);
            bool missed = disk_disarm();
            bool unconfirmed = !saved && strstr(ic_error_message(&error), "did not confirm");
            if (unconfirmed) CHECK(causes[i] == EIO && holds(FILE_NAME, "key", new_token()));
            ic_error_clear(&error);
            if (missed) break;
        }
}

/* Each allocation fails, alone (`once`) or with all after it. */
static void sweep_memory(bool once) {
    enter(once ? "one failure" : "memory");
    fail_once = once;
    save_well(FILE_NAME, old_token());
    long live = ic_alloc_live(), n = 1, m = 1;
    for (bool saved = false; !saved && n < 1000; n++) {
        ic_error error = {0};
        int before = descriptors();
        if (once)
            ic_alloc_fail_only(n);
        else
            ic_alloc_fail_at(n);
        saved = save_once(FILE_NAME, new_token(), true, &error);
        ic_alloc_fail_at(0);
        CHECK(saved || error.kind == IC_ERR_MEMORY);
        ic_error_clear(&error);
        CHECK(ic_alloc_live() == live && descriptors() == before && !is_there(FILE_NAME ".tmp"));
        CHECK(holds(FILE_NAME, "key", saved ? new_token() : old_token()));
    }
    save_well(FILE_NAME, old_token());
    count_memory();
    for (bool saved = false; !saved && m < 1000; m++) {
        ic_error error = {0};
        fail_in = m;
        saved = save_once(FILE_NAME, new_token(), true, &error);
        fail_in = 0;
        CHECK(saved || error.kind == IC_ERR_MEMORY);
        ic_error_clear(&error);
        CHECK(held == 0 && ic_alloc_live() == live);
        CHECK(holds(FILE_NAME, "key", saved ? new_token() : old_token()));
    }
    cJSON_InitHooks(NULL);
    printf("core/store_faults: %ld failing allocations\n", n + m - 4);
    CHECK(n > 10 && n < 1000 && m > 30 && m < 1000);
}

static void test_memory(void) {
    sweep_memory(false);
    sweep_memory(true);
}

/* Without memory, not even for the messages. */
static void test_memory_of_messages(void) {
    enter("messages");
    write_file(FILE_NAME, "{}", 2, 0644);
    for (long n = 1; n < 40; n++) {
        ic_error error = {0};
        long live = ic_alloc_live();
        ic_alloc_fail_at(n);
        CHECK(!save_once(FILE_NAME, new_token(), true, &error));
        ic_alloc_fail_at(0);
        CHECK(error.kind == IC_ERR_MEMORY || error.kind == IC_ERR_STORE);
        ic_error_clear(&error);
        CHECK(ic_alloc_live() == live);
    }
}

/* ---- disks that are full, read-only or limited ---- */

/* Runs it in a child process, whose output is its report. */
static void in_child(void (*run)(void), const char *what) {
    enum { SKIPPED = 77 };
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failed = 0;
        run();
        fflush(stdout);
        _exit(check_failed ? 1 : disk.cause == SKIPPED ? SKIPPED : 0);
    }
    int status = wait_for(child);
    if (status == SKIPPED)
        printf("core/store_faults: may not mount: %s was not tried\n", what);
    else
        CHECK(status == 0);
}

/* Mounts a small disk for this process in the folder `name`. False: not permitted. */
static bool mount_small(const char *name, const char *options) {
    if (mkdir(name, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("none", name, "tmpfs", 0, options) == 0)
        return true;
    disk.cause = 77;
    return false;
}

static void fill_disk(void) {
    static char block[4096];
    int file = open("in/filler", O_WRONLY | O_CREAT | O_APPEND, 0600);
    while (write(file, block, sizeof block) > 0) {
    }
    close(file);
}

static void run_full_disk(void) {
    if (!mount_small("in", "size=256k,mode=0700")) return;
    ic_error error = {0};
    save_well("in/" FILE_NAME, old_token());
    fill_disk();
    CHECK(!save_once("in/" FILE_NAME, new_token(), true, &error));
    EXPECT_ERROR(&error, "make room on that disk");
    CHECK(holds("in/" FILE_NAME, "key", old_token()));
    CHECK(!save_once("in/" FILE_NAME, new_token(), false, &error));
    EXPECT_ERROR(&error, "make room on that disk");
    CHECK(holds("in/" FILE_NAME, "key", old_token()) && !is_there("in/" FILE_NAME ".tmp"));

    /* The disk becomes full between prepare and save. */
    unlink("in/filler");
    ic_store *store = open_locked("in/" FILE_NAME);
    CHECK(ic_store_prepare(store, &error));
    fill_disk();
    CHECK(ic_store_save(store, "key", new_token(), &error));
    ic_store_free(store);
    CHECK(holds("in/" FILE_NAME, "key", new_token()));
}

static void run_read_only_disk(void) {
    if (!mount_small("in", "size=256k,mode=0700")) return;
    ic_error error = {0};
    save_well("in/" FILE_NAME, old_token());
    CHECK(mount("none", "in", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) == 0);
    CHECK(!save_once("in/" FILE_NAME, new_token(), true, &error));
    EXPECT_ERROR(&error, "choose a path on a file system that can be written to");
    CHECK(!save_once("in/missing/" FILE_NAME, new_token(), true, &error));
    EXPECT_ERROR(&error, "cannot make the folder");
    CHECK(mount("none", "in", "tmpfs", MS_REMOUNT, NULL) == 0);
    CHECK(holds("in/" FILE_NAME, "key", old_token()));
}

static void run_limited_files(void) {
    ic_error error = {0};
    save_well(FILE_NAME, old_token());
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100}) == 0);
    for (int prepared = 0; prepared <= 1; prepared++) {
        CHECK(!save_once(FILE_NAME, new_token(), prepared, &error));
        EXPECT_ERROR(&error, "ulimit -f");
        CHECK(holds(FILE_NAME, "key", old_token()) && !is_there(FILE_NAME ".tmp"));
    }
}

static void run_no_descriptors(void) {
    ic_error error = {0};
    struct rlimit before, limit;
    save_well(FILE_NAME, old_token());
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    int free_one = dup(0);
    close(free_one);
    for (int room = 0; room < 3; room++) {
        limit = (struct rlimit){(rlim_t)(free_one + room), before.rlim_max};
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK(!save_once(FILE_NAME, new_token(), true, &error));
        EXPECT_ERROR(&error, "ulimit -n");
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(holds(FILE_NAME, "key", old_token()));
}

static void run_no_rights(void) {
    ic_error error = {0};
    save_well("in/" FILE_NAME, old_token());
    chmod("in", 0500);
    bool saved = save_once("in/" FILE_NAME, new_token(), true, &error);
    if (geteuid() != 0) {
        CHECK(!saved);
        EXPECT_ERROR(&error, "give this user the right");
        chmod("in", 0700);
        CHECK(holds("in/" FILE_NAME, "key", old_token()));
    }
}

static void test_disks(void) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"a full disk", run_full_disk},
                 {"a read-only disk", run_read_only_disk},
                 {"a limit on sizes", run_limited_files},
                 {"no descriptors", run_no_descriptors},
                 {"no rights", run_no_rights}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        enter(cases[i].name);
        in_child(cases[i].run, cases[i].name);
    }
}

/* The file is removed between two steps of the process that has the lock. */
static void test_vanishing(void) {
    enter("vanishing");
    mkdir("in", 0700);
    ic_error error = {0};
    ic_token token;
    save_well("in/" FILE_NAME, old_token());
    ic_store *store = open_locked("in/" FILE_NAME);
    CHECK(ic_store_prepare(store, &error));
    unlink("in/" FILE_NAME);
    CHECK(ic_store_load(store, "key", &token, &error) == 0);
    CHECK(ic_store_save(store, "key", new_token(), &error));
    CHECK(ic_store_prepare(store, &error));
    unlink("in/" FILE_NAME ".tmp");
    CHECK(!ic_store_save(store, "key", old_token(), &error));
    EXPECT_ERROR(&error, "cannot replace ");
    CHECK(ic_store_save(store, "key", old_token(), &error)); /* the next try makes a new one */
    unlink("in/" FILE_NAME), unlink("in/" FILE_NAME ".lock"), rmdir("in");
    CHECK(!ic_store_save(store, "key", old_token(), &error));
    EXPECT_ERROR(&error, "/in/" FILE_NAME ".tmp");
    ic_store_free(store);
    save_well("in/" FILE_NAME, old_token());
}

int main(void) {
    if (!begin_tests()) return 1;
    disk.fast = true;
    test_failing_steps();
    test_folder_sync();
    test_memory();
    test_memory_of_messages();
    test_disks();
    test_vanishing();
    end_tests();
    return check_done("store_faults");
}
