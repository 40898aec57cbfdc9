/* Where the token store's file may be, who must own it, and what may be in its place. */
#include "spec/core/auth/store_trial.h"

static void test_file_modes(void) {
    static const struct {
        mode_t mode;
        bool good;
    } cases[] = {{0600, true},  {0640, false}, {0604, false}, {0620, false}, {0602, false},
                 {0610, false}, {0601, false}, {0666, false}, {0700, true},  {0400, true}};
    enter("modes");
    for (size_t i = 0; i < COUNT(cases); i++) {
        ic_error error = {0};
        put_file("{\"version\":1,\"tokens\":{}}");
        chmod(FILE_NAME, cases[i].mode);
        CHECK(save_once(FILE_NAME, old_token(), true, &error) == cases[i].good);
        char command[PATH_MAX + 64];
        snprintf(command, sizeof command, "run: chmod 600 %s/modes/" FILE_NAME, top);
        if (!cases[i].good) EXPECT_ERROR(&error, command);
        CHECK(mode_of(FILE_NAME) == (cases[i].good ? 0600 : cases[i].mode));
        CHECK(!cases[i].good == !holds(FILE_NAME, "key", old_token()));
    }
    ic_error error = {0};
    write_file("it's mine", "{}", 2, 0644);
    CHECK(!save_once("it's mine", old_token(), true, &error));
    EXPECT_ERROR(&error, "it'\\''s mine'");

    /* Whatever the umask: a file that could not be read again would be lost. */
    unlink(FILE_NAME);
    unlink(FILE_NAME ".lock");
    mode_t before = umask(0777);
    save_well(FILE_NAME, old_token());
    umask(0);
    save_well(FILE_NAME, new_token());
    umask(before);
    CHECK(holds(FILE_NAME, "key", new_token()) && mode_of(FILE_NAME) == 0600 &&
          mode_of(FILE_NAME ".lock") == 0600);
}

/* A file system that gives everybody the owner's rights. */
static void test_weak_file_system(void) {
    enter("weak");
    ic_error error = {0};
    write_file(FILE_NAME ".lock", "", 0, 0666);
    disk.weak_modes = true;
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "file system does not keep secrets");
    disk.weak_modes = false;
    save_well(FILE_NAME, old_token());
}

static void test_folders(void) {
    static const struct {
        mode_t mode;
        bool good;
        const char *error;
    } cases[] = {{0700, true, NULL},
                 {0755, true, NULL},
                 {0711, true, NULL},
                 {0770, false, "run: chmod go-w "},
                 {0707, false, "run: chmod go-w "},
                 {0777, false, "run: chmod go-w "},
                 {01777, false, "choose a path in a folder of your own"}};
    enter("folders");
    mkdir("in", 0700);
    for (size_t i = 0; i < COUNT(cases); i++) {
        ic_error error = {0};
        chmod("in", cases[i].mode);
        CHECK(save_once("in/" FILE_NAME, old_token(), true, &error) == cases[i].good);
        if (!cases[i].good) EXPECT_ERROR(&error, cases[i].error);
        CHECK(mode_of("in") == cases[i].mode); /* its mode is not changed */
        unlink("in/" FILE_NAME);
        unlink("in/" FILE_NAME ".lock");
    }
    chmod("in", 0700);

    save_well("a//b/./c/" FILE_NAME, old_token()); /* makes all levels, each private */
    CHECK(mode_of("a") == 0700 && mode_of("a/b") == 0700 && mode_of("a/b/c") == 0700);
    CHECK(holds("a/b/../b/c/" FILE_NAME, "key", old_token()));

    CHECK(symlink("in", "link") == 0); /* a link to a folder */
    save_well("link/" FILE_NAME, new_token());
    CHECK(holds("in/" FILE_NAME, "key", new_token()));
}

static void test_paths(void) {
    static const struct {
        const char *path, *error;
    } cases[] = {{"", "is not the path of a file"},     {"folder/", "\"folder/\" is not the path of a file"},
                 {"/", "is not the path of a file"},    {".", "is not the path of a file"},
                 {"a/..", "is not the path of a file"}, {"~/tokens.json", "give the path in full"}};
    enter("paths");
    ic_error error = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK(!ic_store_new(cases[i].path, &error));
        EXPECT_ERROR(&error, cases[i].error);
        CHECK(!ic_store_new(cases[i].path, NULL));
    }
    char path[PATH_MAX * 2];
    memset(path, 'n', sizeof path);
    path[255] = '\0'; /* a name that has no room for ".lock" */
    CHECK(!save_once(path, old_token(), true, &error));
    EXPECT_ERROR(&error, "choose a shorter path");
    path[255] = '/';
    strcpy(path + sizeof path - 10, "/t.json");
    CHECK(!save_once(path, old_token(), true, &error));
    EXPECT_ERROR(&error, "choose a shorter path");

    write_file("file", "", 0, 0600);
    CHECK(!save_once("file/" FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "a part of the path is a file");
    CHECK(!save_once("file/in/" FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "/paths/file/in");

    /* A relative path means the same after a chdir. */
    mkdir("elsewhere", 0700);
    ic_store *store = open_store(FILE_NAME);
    CHECK(chdir("elsewhere") == 0);
    CHECK(ic_store_lock(store, &error) == 1 && ic_store_save(store, "key", old_token(), &error));
    ic_store_free(store);
    CHECK(is_there("../" FILE_NAME) && !is_there(FILE_NAME));
    CHECK(rmdir("../elsewhere") == 0); /* nothing was written there */
    CHECK(!ic_store_new(FILE_NAME, &error));
    EXPECT_ERROR(&error, "cannot find the folder of " FILE_NAME);
    CHECK(chdir(top) == 0);
}

/* Other things in place of the file, its lock or its temporary file. */
static void test_odd_files(void) {
    ic_error error = {0};
    enter("odd");
    write_file("victim", "untouched", 9, 0600);
    CHECK(symlink("victim", FILE_NAME) == 0);
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error,
                 "/odd/" FILE_NAME ": Too many levels of symbolic links; a symbolic link is not followed");
    unlink(FILE_NAME);
    CHECK(symlink("nowhere", FILE_NAME) == 0);
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "symbolic link");
    unlink(FILE_NAME);
    CHECK(mkdir(FILE_NAME, 0700) == 0);
    CHECK(!ic_store_new(FILE_NAME, &error));
    EXPECT_ERROR(&error, "/odd/" FILE_NAME "\" is a folder");
    rmdir(FILE_NAME);
    ic_store *store = open_store(FILE_NAME);
    CHECK(mkdir(FILE_NAME, 0700) == 0); /* since then */
    ic_token loaded = {0};
    CHECK(ic_store_lock(store, &error) == 1 && ic_store_load(store, "key", &loaded, &error) < 0);
    EXPECT_ERROR(&error, "/odd/" FILE_NAME " is a folder, not a file; choose another path");
    ic_store_free(store);
    rmdir(FILE_NAME);
    CHECK(mkfifo(FILE_NAME, 0600) == 0); /* opening it for reading would wait */
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "is not a plain file");
    unlink(FILE_NAME);

    unlink(FILE_NAME ".lock");
    CHECK(symlink("victim", FILE_NAME ".lock") == 0);
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, FILE_NAME ".lock: Too many levels");
    unlink(FILE_NAME ".lock");
    CHECK(mkdir(FILE_NAME ".lock", 0700) == 0);
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, FILE_NAME ".lock: Is a directory");
    rmdir(FILE_NAME ".lock");

    /* What a crash has left, or a link, is removed. */
    for (int prepared = 0; prepared <= 1; prepared++) {
        static char junk[100000];
        memset(junk, 'x', sizeof junk);
        write_file(FILE_NAME ".tmp", junk, sizeof junk, 0644);
        CHECK(save_once(FILE_NAME, old_token(), prepared, &error));
        CHECK(holds(FILE_NAME, "key", old_token()) && mode_of(FILE_NAME) == 0600);
        CHECK(symlink("victim", FILE_NAME ".tmp") == 0);
        CHECK(save_once(FILE_NAME, new_token(), prepared, &error));
        CHECK(holds(FILE_NAME, "key", new_token()));
        CHECK(link("victim", FILE_NAME ".tmp") == 0);
        CHECK(save_once(FILE_NAME, old_token(), prepared, &error));
        CHECK(mkdir(FILE_NAME ".tmp", 0700) == 0);
        CHECK(!save_once(FILE_NAME, new_token(), prepared, &error));
        EXPECT_ERROR(&error, "cannot remove ");
        rmdir(FILE_NAME ".tmp");
        CHECK(holds(FILE_NAME, "key", old_token()));
    }
    CHECK_TEXT(file_text("victim"), "untouched");
}

static void test_owners(void) {
    if (geteuid() != 0) {
        printf("core/private_file: not root: files of other users were not tried\n");
        return;
    }
    ic_error error = {0};
    enter("owners");
    save_well("in/" FILE_NAME, old_token());
    static const char *const paths[] = {"in", "in/" FILE_NAME, "in/" FILE_NAME ".lock"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        CHECK(chown(paths[i], 12345, 12345) == 0);
        CHECK(!save_once("in/" FILE_NAME, new_token(), true, &error));
        EXPECT_ERROR(&error, "belongs to another user (12345, this one is 0)");
        CHECK(chown(paths[i], 0, 0) == 0);
        CHECK(holds("in/" FILE_NAME, "key", old_token()));
    }
}

/* ---- the lock ---- */

static int shared = -1;

static void share_descriptor(int descriptor) {
    shared = dup(descriptor);
}

static void remove_lock(int descriptor) {
    (void)descriptor;
    unlink(FILE_NAME ".lock");
}

/* What others do between the opening of the lock file and its locking. */
static void test_races(void) {
    enter("moments");
    ic_error error = {0};
    ic_store *one = open_store(FILE_NAME), *two = open_store(FILE_NAME);
    disk.on_flock = remove_lock; /* the file that is locked is not the one that others will lock */
    CHECK(ic_store_lock(one, &error) == 0);
    CHECK(ic_store_lock(one, &error) == 1);
    ic_store_unlock(one);
    disk.on_flock = share_descriptor; /* as a child that was forked too early to close it */
    CHECK(ic_store_lock(one, &error) == 1);
    CHECK(ic_store_lock(two, &error) == 0);
    ic_store_unlock(one);
    CHECK(ic_store_lock(two, &error) == 1);
    close(shared);
    ic_store_free(one);
    ic_store_free(two);
}

/* The private file FILE_NAME, locked. */
static ic_private_file locked_file(void) {
    ic_private_file file;
    ic_error error = {0};
    CHECK(ic_private_file_init(&file, FILE_NAME, &error));
    CHECK(ic_private_file_lock(&file, &error) == 1);
    return file;
}

/* Whatever step fails, the file is as it was, or has the whole line, and the result says which. */
static void test_append(void) {
    static const struct {
        disk_fate fate;
        int cause;
    } trials[] = {{DISK_FAILS, EIO}, {DISK_FAILS, ENOSPC}, {DISK_FAILS, EINTR}, {DISK_IS_SHORT, 0}};
    enter("append");
    ic_error error = {0};
    ic_private_file file = locked_file();
    CHECK(!ic_private_file_append(&file, "two\n", 4, &error)); /* there is no file */
    EXPECT_ERROR(&error, "cannot open");
    for (size_t i = 0; i < COUNT(trials); i++) {
        bool missed = false;
        for (long at = 1; !missed; at++) {
            put_file("one\n");
            disk_arm(at, trials[i].fate, trials[i].cause);
            bool added = ic_private_file_append(&file, "two\n", 4, &error);
            missed = disk_disarm();
            CHECK(strcmp(file_text(FILE_NAME), added ? "one\ntwo\n" : "one\n") == 0);
            CHECK(added || trials[i].fate == DISK_FAILS);
            if (!added) EXPECT_ERROR(&error, FILE_NAME);
        }
    }
    ic_private_file_unlock(&file);
    CHECK(!ic_private_file_append(&file, "two\n", 4, &error));
    EXPECT_ERROR(&error, "without its lock");
    ic_private_file_clear(&file);
}

/* Where a process dies while it appends, the file has all or none of the line, or a part of it without an end
 * of line. */
static void test_append_killed(void) {
    enter("append_killed");
    for (long at = 1;; at++) {
        put_file("one\n");
        pid_t child = fork();
        if (child == 0) {
            ic_error error = {0};
            ic_private_file file = locked_file();
            disk_arm(at, DISK_KILLS, 0);
            ic_private_file_append(&file, "two\n", 4, &error);
            _exit(disk_disarm() ? 0 : 1);
        }
        int status = 0;
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        const char *text = file_text(FILE_NAME);
        CHECK(strcmp(text, "one\n") == 0 || strcmp(text, "one\ntw") == 0 || strcmp(text, "one\ntwo\n") == 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    }
}

int main(void) {
    if (!begin_tests()) return 1;
    disk.fast = true;
    test_file_modes();
    test_weak_file_system();
    test_folders();
    test_paths();
    test_odd_files();
    test_owners();
    test_races();
    test_append();
    test_append_killed();
    end_tests();
    return check_done("private_file");
}
