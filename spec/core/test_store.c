/* The file store on good days and bad ones. How it ends when the process or the machine dies is in
 * test_store_crash.c. */
#include "alloc.h"
#include "check.h"
#include "disk_trial.h"
#include "json_trial.h"
#include "private_file.h"
#include "process.h"
#include "store.h"
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define FILE_NAME "tokens.json"

static char top[PATH_MAX]; /* every test has a folder of its own in it */

/* Goes into a new folder. */
static void enter(const char *name) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", top, name);
    if (mkdir(path, 0700) != 0 || chdir(path) != 0) abort();
}

static void write_file(const char *name, const char *text, size_t length, mode_t mode) {
    unlink(name);
    int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0 || write(file, text, length) != (ssize_t)length || fchmod(file, mode) != 0) abort();
    close(file);
}

static void put_file(const char *text) {
    write_file(FILE_NAME, text, strlen(text), 0600);
}

/* The file's bytes (at most `size`), NUL-terminated; "" when there is none. */
static const char *file_text(const char *name) {
    static char text[4096];
    int file = open(name, O_RDONLY);
    ssize_t count = file < 0 ? 0 : read(file, text, sizeof text - 1);
    text[count < 0 ? 0 : count] = '\0';
    if (file >= 0) close(file);
    return text;
}

static bool is_there(const char *name) {
    struct stat found;
    return lstat(name, &found) == 0;
}

static mode_t mode_of(const char *name) {
    struct stat found;
    return stat(name, &found) == 0 ? found.st_mode & 07777 : 0;
}

/* A STORE that says this, names the place and tells no secret. Clears it. */
static void expect_error(ic_error *error, const char *wanted, int line) {
    const char *message = ic_error_message(error);
    bool good = error->kind == IC_ERR_STORE && strstr(message, wanted) && !strstr(message, "SECRET");
    if (!check_that(good, __FILE__, line, "the error is the one expected"))
        printf("    got    %s: %s\n    wanted %s\n", ic_error_kind_name(error->kind), message, wanted);
    ic_error_clear(error);
}
#define EXPECT_ERROR(error, wanted) expect_error((error), (wanted), __LINE__)

static ic_store *open_store(const char *path) {
    ic_error error = {0};
    ic_store *store = ic_store_new(path, &error);
    if (!CHECK(store != NULL)) printf("    %s\n", ic_error_message(&error));
    ic_error_clear(&error);
    return store;
}

static ic_store *open_locked(const char *path) {
    ic_error error = {0};
    ic_store *store = open_store(path);
    if (!CHECK(ic_store_lock(store, &error) == 1)) printf("    %s\n", ic_error_message(&error));
    ic_error_clear(&error);
    return store;
}

static ic_token pair(const char *access, const char *refresh) {
    return (ic_token){.access_token = (char *)access,
                      .refresh_token = (char *)refresh,
                      .scope = "public.records.readRecords",
                      .expires_at = 1767225600.5};
}

static const ic_token *old_token(void) {
    static ic_token token;
    token = pair("SECRET-old", "SECRET-old-refresh");
    return &token;
}

static const ic_token *new_token(void) {
    static ic_token token;
    token = pair("SECRET-new", "SECRET-new-refresh");
    return &token;
}

static bool same_token(const ic_token *a, const ic_token *b) {
    return a->access_token && a->refresh_token && strcmp(a->access_token, b->access_token) == 0 &&
           strcmp(a->refresh_token, b->refresh_token) == 0 && a->scope && strcmp(a->scope, b->scope) == 0 &&
           a->expires_at == b->expires_at;
}

/* Lock, load, perhaps prepare, save, unlock: what a refresh does. */
static bool save_once(const char *path, const ic_token *token, bool prepared, ic_error *error) {
    ic_token before = {0};
    ic_store *store = ic_store_new(path, error);
    bool saved = store && ic_store_lock(store, error) == 1 &&
                 ic_store_load(store, "key", &before, error) >= 0 &&
                 (!prepared || ic_store_prepare(store, error)) && ic_store_save(store, "key", token, error);
    ic_token_clear(&before);
    ic_store_free(store);
    return saved;
}

static void save_well(const char *path, const ic_token *token) {
    ic_error error = {0};
    if (!CHECK(save_once(path, token, true, &error))) printf("    %s\n", ic_error_message(&error));
    ic_error_clear(&error);
}

static bool holds(const char *path, const char *key, const ic_token *token) {
    ic_error error = {0};
    ic_token kept = {0};
    ic_store *store = open_locked(path);
    bool same = ic_store_load(store, key, &kept, &error) == 1 && same_token(&kept, token);
    ic_token_clear(&kept);
    ic_error_clear(&error);
    ic_store_free(store);
    return same;
}

/* ---- a token and its JSON ---- */

static void test_token_json(void) {
    static const struct {
        const char *json, *error; /* error NULL: it is read as the rest says */
        const char *access, *refresh, *scope;
        double expires_at;
    } cases[] = {
        {"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"scope\":\"s t\",\"expires_at\":1767225600.25}",
         NULL, "a", "r", "s t", 1767225600.25},
        {"{\"access_token\":\"a\"}", NULL, "a", NULL, NULL, 0},
        {"{\"refresh_token\":\"r\",\"access_token\":null,\"expires_at\":null}", NULL, NULL, "r", NULL, 0},
        {"{\"refresh_token\":\"r\",\"access_token\":\"\",\"scope\":\"\"}", NULL, NULL, "r", NULL, 0},
        {"{\"access_token\":\"a\",\"other\":[1]}", NULL, "a", NULL, NULL, 0},
        {"{\"access_token\":\"a\",\"expires_at\":-5}", NULL, "a", NULL, NULL, -5},
        {"{\"Access_Token\":\"a\"}", "neither an access_token nor a refresh_token", NULL, NULL, NULL, 0},
        {"{}", "neither an access_token nor a refresh_token", NULL, NULL, NULL, 0},
        {"{\"access_token\":\"\"}", "neither an access_token nor a refresh_token", NULL, NULL, NULL, 0},
        {"[]", "not an object", NULL, NULL, NULL, 0},
        {"\"SECRET\"", "not an object", NULL, NULL, NULL, 0},
        {"null", "not an object", NULL, NULL, NULL, 0},
        {"{\"access_token\":1}", "access_token is not a text", NULL, NULL, NULL, 0},
        {"{\"access_token\":\"SECRET\",\"refresh_token\":{}}", "refresh_token is not a text", NULL, NULL,
         NULL, 0},
        {"{\"access_token\":\"SECRET\",\"scope\":[\"s\"]}", "scope is not a text", NULL, NULL, NULL, 0},
        {"{\"access_token\":\"SECRET\\n\"}", "control character", NULL, NULL, NULL, 0},
        {"{\"access_token\":\"SECRET\",\"expires_at\":\"1\"}", "expires_at is not a number", NULL, NULL, NULL,
         0},
        {"{\"access_token\":\"SECRET\",\"expires_at\":true}", "expires_at is not a number", NULL, NULL, NULL,
         0},
        {"{\"access_token\":\"SECRET\",\"expires_at\":1e999}", "expires_at is not a number", NULL, NULL, NULL,
         0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ic_error error = {0};
        ic_token token = {.expires_at = 7};
        cJSON *tree = ic_json_parse(cases[i].json, strlen(cases[i].json), &error), *again;
        bool read = ic_token_from_json(tree, &token, &error);
        CHECK(read == !cases[i].error);
        if (!read) EXPECT_ERROR(&error, cases[i].error);
        CHECK_TEXT(token.access_token, cases[i].access);
        CHECK_TEXT(token.refresh_token, cases[i].refresh);
        CHECK_TEXT(token.scope, cases[i].scope);
        CHECK(token.expires_at == cases[i].expires_at);
        again = ic_token_to_json(&token);
        CHECK_TEXT(ic_json_string(again, "access_token"), cases[i].access);
        CHECK_TEXT(ic_json_string(again, "scope"), cases[i].scope);
        ic_token_free_json(again);
        ic_token_free_json(tree);
        ic_token_clear(&token);
        CHECK(!token.access_token && !token.refresh_token && !token.scope && token.expires_at == 0);
    }
    ic_error error = {0};
    ic_token token;
    CHECK(!ic_token_from_json(NULL, &token, &error));
    EXPECT_ERROR(&error, "not an object");
    CHECK(!ic_token_from_json(NULL, &token, NULL));
    token = (ic_token){.access_token = (char *)"a", .expires_at = NAN};
    cJSON *tree = ic_token_to_json(&token);
    CHECK(tree && !ic_json_member(tree, "expires_at"));
    ic_token_free_json(tree);
    ic_token_free_json(NULL);
}

/* ---- what is kept ---- */

static void test_keeping(void) {
    enter("keeping");
    ic_error error = {0};
    ic_token token = {.access_token = (char *)"left over"};
    ic_store *store = open_locked(FILE_NAME);
    CHECK(ic_store_load(store, "key", &token, &error) == 0);
    CHECK(!token.access_token);
    CHECK(ic_store_save(store, "key", NULL, &error)); /* nothing to forget, nothing written */
    CHECK(!is_there(FILE_NAME));
    CHECK(ic_store_save(store, "key", old_token(), &error));
    CHECK(mode_of(FILE_NAME) == 0600 && mode_of(FILE_NAME ".lock") == 0600 && !is_there(FILE_NAME ".tmp"));
    CHECK(ic_store_save(store, "other", new_token(), &error));
    CHECK(ic_store_load(store, "key", &token, &error) == 1 && same_token(&token, old_token()));
    ic_token_clear(&token);
    CHECK(ic_store_save(store, "key", new_token(), &error));
    CHECK(ic_store_load(store, "key", &token, &error) == 1 && same_token(&token, new_token()));
    ic_token_clear(&token);

    /* What a token no longer has is gone. */
    ic_token bare = {.access_token = (char *)"SECRET-bare"};
    CHECK(ic_store_save(store, "key", &bare, &error));
    CHECK(ic_store_load(store, "key", &token, &error) == 1);
    CHECK(!token.refresh_token && !token.scope && token.expires_at == 0);
    ic_token_clear(&token);

    CHECK(ic_store_save(store, "key", NULL, &error));
    CHECK(ic_store_load(store, "key", &token, &error) == 0);
    CHECK(ic_store_load(store, "other", &token, &error) == 1 && same_token(&token, new_token()));
    ic_token_clear(&token);
    CHECK(error.kind == IC_OK);
    ic_store_free(store);
    ic_store_free(NULL);
    CHECK(!is_there(FILE_NAME ".tmp") && is_there(FILE_NAME ".lock"));
}

static void test_unknown_members(void) {
    enter("unknown");
    put_file(
        "{\"note\":[null,true,{\"a\":0.1}],\"version\":1,\"tokens\":{"
        "\"key\":{\"x\":{\"y\":[\"\\u00e9\"]},\"access_token\":\"SECRET-1\",\"access_token\":\"SECRET-2\","
        "\"expires_at\":1},\"odd\":3,\"other\":{\"access_token\":\"SECRET-o\"}},\"more\":1e300}");
    save_well(FILE_NAME, new_token());
    CHECK_TEXT(
        file_text(FILE_NAME),
        "{\"note\":[null,true,{\"a\":0.1}],\"version\":1,\"tokens\":{"
        "\"key\":{\"x\":{\"y\":[\"\xc3\xa9\"]},\"access_token\":\"SECRET-new\","
        "\"refresh_token\":\"SECRET-new-refresh\",\"scope\":\"public.records.readRecords\","
        "\"expires_at\":1767225600.5},\"odd\":3,\"other\":{\"access_token\":\"SECRET-o\"}},\"more\":1e+300}");
    CHECK(holds(FILE_NAME, "key", new_token())); /* not the second of the two that there were */

    /* What is no token under the key is refused when it is read, and gives way to one. */
    ic_error error = {0};
    ic_token token;
    ic_store *store = open_locked(FILE_NAME);
    CHECK(ic_store_load(store, "odd", &token, &error) == -1);
    EXPECT_ERROR(&error, "/unknown/" FILE_NAME
                         ": what is kept for this connection is no token (it is not an object)");
    CHECK(ic_store_save(store, "odd", new_token(), &error));
    CHECK(ic_store_load(store, "odd", &token, &error) == 1);
    ic_token_clear(&token);
    ic_store_free(store);
}

static void test_keys(void) {
    static const char *const keys[] = {
        "",       " ",       "a\"b\\c/d",   "\x01\n\x7f", "sch\xc3\xbc\xc3\x9f", "\xf0\x9f\x94\x91",
        "tokens", "version", "\xef\xbf\xbd"};
    static const char *const bad[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80"};
    enter("keys");
    ic_error error = {0};
    ic_token token;
    ic_store *store = open_locked(FILE_NAME);
    for (size_t i = 0; i < COUNT(keys); i++) {
        ic_token named = pair(keys[i][0] == '\x01' ? "SECRET" : keys[i], "r");
        CHECK(ic_store_load(store, keys[i], &token, &error) == 0);
        CHECK(ic_store_save(store, keys[i], &named, &error));
    }
    for (size_t i = 0; i < COUNT(keys); i++) {
        CHECK(ic_store_load(store, keys[i], &token, &error) == 1);
        if (keys[i][0] != '\x01') CHECK_TEXT(token.access_token, *keys[i] ? keys[i] : NULL);
        ic_token_clear(&token);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        ic_token named = pair("SECRET", bad[i]);
        CHECK(ic_store_load(store, bad[i], &token, &error) == -1);
        EXPECT_ERROR(&error, "the key is none (byte");
        CHECK(!ic_store_save(store, bad[i], old_token(), &error));
        EXPECT_ERROR(&error, "/keys/" FILE_NAME ": only UTF-8");
        CHECK(!ic_store_save(store, "key", &named, &error));
        EXPECT_ERROR(&error, "the refresh_token is none");
    }
    ic_token split = pair("SECRET\r\nx", "r"), none = {.scope = (char *)"s"};
    CHECK(!ic_store_save(store, "key", &split, &error));
    EXPECT_ERROR(&error, "control character");
    CHECK(!ic_store_save(store, "key", &none, &error));
    EXPECT_ERROR(&error, "neither");
    CHECK(ic_store_load(store, "key", &token, &error) == 0);
    ic_store_free(store);
}

/* ---- what is refused, and left as it is ---- */

static void test_foreign_files(void) {
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "not the whole of one (invalid JSON"},
        {"\n", "not the whole of one (invalid JSON"},
        {"{\"version\":1,\"tokens\":{\"key\":{\"access_token\":\"SECRET",
         "not the whole of one (invalid JSON"},
        {"{\"version\":1,\"tokens\":{}}x", "not the whole of one (invalid JSON"},
        {"<html>SECRET</html>", "not the whole of one (invalid JSON"},
        {"{\"version\":1,\"tokens\":{\"\xff\":1}}", "not UTF-8 text at byte 25"},
        {"[]", "this is no token file"},
        {"null", "this is no token file"},
        {"{}", "this is no token file"},
        {"{\"tokens\":{}}", "this is no token file"},
        {"{\"version\":1}", "this is no token file"},
        {"{\"version\":1,\"tokens\":[]}", "this is no token file"},
        {"{\"version\":\"1\",\"tokens\":{}}", "this is no token file"},
        {"{\"version\":0,\"tokens\":{}}", "this is no token file"},
        {"{\"version\":0.5,\"tokens\":{}}", "this is no token file"},
        {"{\"version\":2,\"tokens\":{}}", "written by a newer version"},
        {"{\"version\":2,\"vaults\":[]}", "(format 2, this one knows 1); update"},
    };
    enter("foreign");
    for (size_t i = 0; i < COUNT(cases); i++) {
        ic_error error = {0};
        ic_token token;
        put_file(cases[i].text);
        ic_store *store = open_locked(FILE_NAME);
        CHECK(ic_store_load(store, "key", &token, &error) == -1);
        EXPECT_ERROR(&error, cases[i].error);
        CHECK(!ic_store_prepare(store, &error));
        EXPECT_ERROR(&error, "/foreign/" FILE_NAME);
        CHECK(!ic_store_save(store, "key", old_token(), &error));
        EXPECT_ERROR(&error, cases[i].error);
        CHECK(!ic_store_save(store, "key", NULL, &error));
        EXPECT_ERROR(&error, cases[i].error);
        CHECK(!ic_store_save(store, "key", NULL, NULL));
        ic_store_free(store);
        CHECK_TEXT(file_text(FILE_NAME), cases[i].text);
        CHECK(!is_there(FILE_NAME ".tmp"));
    }
    static const char zeros[512];
    ic_error error = {0};
    write_file(FILE_NAME, zeros, sizeof zeros, 0600); /* what some file systems make of a loss of power */
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "not UTF-8 text at byte 1");
    put_file("\xef\xbb\xbf {\"version\":1.0,\"tokens\":{}}\r\n"); /* an editor's doing */
    save_well(FILE_NAME, old_token());
}

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

    /* Whatever the umask: what could not be read again would be lost. */
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

/* A file system that gives everybody what its owner has. */
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
        CHECK(mode_of("in") == cases[i].mode); /* whoever made it decides */
        unlink("in/" FILE_NAME);
        unlink("in/" FILE_NAME ".lock");
    }
    chmod("in", 0700);

    save_well("a//b/./c/" FILE_NAME, old_token()); /* all levels, private */
    CHECK(mode_of("a") == 0700 && mode_of("a/b") == 0700 && mode_of("a/b/c") == 0700);
    CHECK(holds("a/b/../b/c/" FILE_NAME, "key", old_token()));

    CHECK(symlink("in", "link") == 0); /* of a folder */
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

    /* A relative path stays what it was. */
    mkdir("elsewhere", 0700);
    ic_store *store = open_store(FILE_NAME);
    CHECK(chdir("elsewhere") == 0);
    CHECK(ic_store_lock(store, &error) == 1 && ic_store_save(store, "key", old_token(), &error));
    ic_store_free(store);
    CHECK(is_there("../" FILE_NAME) && !is_there(FILE_NAME));
    CHECK(rmdir("../elsewhere") == 0); /* nowhere */
    CHECK(!ic_store_new(FILE_NAME, &error));
    EXPECT_ERROR(&error, "cannot find the folder of " FILE_NAME);
    CHECK(chdir(top) == 0);
}

/* What lies where the file, its lock or its temporary file should be. */
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
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "/odd/" FILE_NAME " is not a plain file");
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

    /* A crash's leavings, or worse, are removed. */
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
        printf("core/store: not root: files of other users were not tried\n");
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

/* Up to 4 MiB are read; the room that the next token wants is left. */
static void test_sizes(void) {
    static const char begin[] = "{\"version\":1,\"tokens\":{},\"note\":\"", end[] = "\"}";
    static const struct {
        size_t length;
        bool loads, prepares;
    } cases[] = {{IC_PRIVATE_FILE_LARGEST - 65536, true, true},
                 {IC_PRIVATE_FILE_LARGEST - 65535, true, false},
                 {IC_PRIVATE_FILE_LARGEST, true, false},
                 {IC_PRIVATE_FILE_LARGEST + 1, false, false}};
    enter("sizes");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = malloc(cases[i].length);
        memset(text, 'x', cases[i].length);
        memcpy(text, begin, strlen(begin));
        memcpy(text + cases[i].length - strlen(end), end, strlen(end));
        write_file(FILE_NAME, text, cases[i].length, 0600);
        free(text);
        ic_error error = {0};
        ic_token token;
        ic_store *store = open_locked(FILE_NAME);
        CHECK(ic_store_load(store, "key", &token, &error) == (cases[i].loads ? 0 : -1));
        if (!cases[i].loads) EXPECT_ERROR(&error, FILE_NAME " is larger than 4194304 bytes");
        CHECK(ic_store_prepare(store, &error) == cases[i].prepares);
        if (!cases[i].prepares) EXPECT_ERROR(&error, cases[i].loads ? "is full" : "is larger");
        bool saves = cases[i].length + 200 < IC_PRIVATE_FILE_LARGEST;
        CHECK(ic_store_save(store, "key", new_token(), &error) == saves);
        if (!saves) EXPECT_ERROR(&error, cases[i].loads ? "is full" : "is larger");
        ic_store_free(store);
    }
    char *huge = malloc(200001);
    memset(huge, 't', 200000);
    huge[200000] = '\0';
    ic_token token = pair(huge, huge); /* more than was reserved */
    unlink(FILE_NAME);
    save_well(FILE_NAME, &token);
    CHECK(holds(FILE_NAME, "key", &token));
    free(huge);
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

/* What others do in the moment between opening the lock file and locking it. */
static void test_moments(void) {
    enter("moments");
    ic_error error = {0};
    ic_store *one = open_store(FILE_NAME), *two = open_store(FILE_NAME);
    disk.on_flock = remove_lock; /* the lock that is taken is not the one that others will find */
    CHECK(ic_store_lock(one, &error) == 0);
    CHECK(ic_store_lock(one, &error) == 1);
    ic_store_unlock(one);
    disk.on_flock = share_descriptor; /* a child, forked too early to close it */
    CHECK(ic_store_lock(one, &error) == 1);
    CHECK(ic_store_lock(two, &error) == 0);
    ic_store_unlock(one);
    CHECK(ic_store_lock(two, &error) == 1);
    close(shared);
    ic_store_free(one);
    ic_store_free(two);
}

static void test_lock(void) {
    enter("lock");
    ic_error error = {0};
    ic_token token;
    ic_store *one = open_store(FILE_NAME), *two = open_store("../lock/" FILE_NAME);
    CHECK(ic_store_load(one, "key", &token, &error) == -1);
    EXPECT_ERROR(&error, "/lock/" FILE_NAME " is used without its lock");
    CHECK(!ic_store_prepare(one, &error));
    EXPECT_ERROR(&error, "without its lock");
    CHECK(!ic_store_save(one, "key", old_token(), &error));
    EXPECT_ERROR(&error, "without its lock");

    CHECK(ic_store_lock(one, &error) == 1);
    CHECK(ic_store_lock(one, &error) == 1); /* held already */
    CHECK(ic_store_lock(two, &error) == 0); /* in this very process */
    CHECK(ic_store_lock(two, &error) == 0);
    ic_store_unlock(one);
    CHECK(ic_store_lock(two, &error) == 1);
    CHECK(ic_store_lock(one, &error) == 0);
    ic_store_free(two);
    CHECK(ic_store_lock(one, &error) == 1);
    CHECK(ic_store_prepare(one, &error) && is_there(FILE_NAME ".tmp"));
    CHECK(ic_store_prepare(one, &error)); /* again */
    ic_store_unlock(one);
    CHECK(!is_there(FILE_NAME ".tmp"));
    ic_store_unlock(one);

    /* A lock file that somebody removes while it is held: whoever opened it before must not believe in it. */
    two = open_store(FILE_NAME);
    CHECK(ic_store_lock(one, &error) == 1);
    unlink(FILE_NAME ".lock");
    CHECK(ic_store_lock(two, &error) == 1);
    CHECK(ic_store_save(two, "key", old_token(), &error) && ic_store_save(one, "key", new_token(), &error));
    ic_store_free(one);
    ic_store_free(two);
    CHECK(holds(FILE_NAME, "key", new_token()));
}

static int wait_for(pid_t child) {
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* In a child the parent's store is not locked, and what the child does with it does not touch the parent's.
 */
static void test_fork(void) {
    enter("fork");
    ic_error error = {0};
    ic_store *store = open_locked(FILE_NAME), *other = open_store(FILE_NAME);
    CHECK(ic_store_prepare(store, &error));
    pid_t child = fork();
    if (child == 0) {
        int taken[3]; /* the numbers of the parent's descriptors */
        ic_token token;
        for (size_t i = 0; i < COUNT(taken); i++)
            taken[i] = open("/dev/null", O_RDONLY);
        bool good = ic_store_load(store, "key", &token, &error) == -1 &&
                    !ic_store_save(store, "key", old_token(), &error) && ic_store_lock(store, &error) == 0;
        ic_store_free(store);
        for (size_t i = 0; i < COUNT(taken); i++)
            good = good && fcntl(taken[i], F_GETFD) >= 0;
        _exit(good && is_there(FILE_NAME ".tmp") ? 0 : 1);
    }
    CHECK(wait_for(child) == 0);
    CHECK(ic_store_lock(other, &error) == 0);
    CHECK(ic_store_save(store, "key", new_token(), &error));
    ic_store_free(store);
    CHECK(ic_store_lock(other, &error) == 1);
    ic_store_free(other);
}

/* A process dies with the lock while a child of its own lives on. */
static void test_orphaned_lock(void) {
    enter("orphan");
    int alive[2], release[2];
    char byte = 0;
    CHECK(pipe(alive) == 0 && pipe(release) == 0);
    pid_t child = fork();
    if (child == 0) {
        ic_error error = {0};
        ic_store *store = ic_store_new(FILE_NAME, &error);
        if (!store || ic_store_lock(store, &error) != 1) _exit(1);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            close(release[1]);
            if (write(alive[1], &byte, 1) != 1) _exit(1);
            _exit(read(release[0], &byte, 1) != 0); /* until the test lets go */
        }
        _exit(grandchild < 0);
    }
    CHECK(wait_for(child) == 0);
    CHECK(read(alive[0], &byte, 1) == 1);
    ic_store_free(open_locked(FILE_NAME));
    close(alive[0]), close(alive[1]), close(release[0]), close(release[1]);
}

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
    bool succeeds; /* whatever step it hits */
} trial;

/* One save, with the nth step failing: the old token or the new one is there, and the caller was told which.
 * False when no step was left to fail. */
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
    save_well("in/" FILE_NAME, new_token()); /* the next one is none the worse for it */
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
    printf("core/store: %ld failing steps\n", steps);
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

static void test_memory(void) {
    enter("memory");
    save_well(FILE_NAME, old_token());
    long live = ic_alloc_live(), n = 1, m = 1;
    for (bool saved = false; !saved && n < 1000; n++) {
        ic_error error = {0};
        int before = descriptors();
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
    printf("core/store: %ld failing allocations\n", n + m - 4);
    CHECK(n > 10 && n < 1000 && m > 30 && m < 1000);
}

/* Without memory for the messages either. */
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

/* Runs it in a process of its own; what that prints is its report. */
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
        printf("core/store: may not mount: %s was not tried\n", what);
    else
        CHECK(status == 0);
}

/* A small disk of this process's own, in the folder `name`; false when we may not. */
static bool mount_small(const char *name, const char *options) {
    if (mkdir(name, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
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

    /* It becomes full between the promise and the save. */
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
    CHECK(mount(NULL, "in", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    CHECK(!save_once("in/" FILE_NAME, new_token(), true, &error));
    EXPECT_ERROR(&error, "choose a path on a file system that can be written to");
    CHECK(!save_once("in/missing/" FILE_NAME, new_token(), true, &error));
    EXPECT_ERROR(&error, "cannot make the folder");
    CHECK(mount(NULL, "in", NULL, MS_REMOUNT, NULL) == 0);
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
    save_well(FILE_NAME, old_token());
    int free_one = dup(0);
    close(free_one);
    for (int room = 0; room < 3; room++) {
        CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)(free_one + room), 4096}) == 0);
        CHECK(!save_once(FILE_NAME, new_token(), true, &error));
        EXPECT_ERROR(&error, "ulimit -n");
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 4096}) == 0);
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

/* The file goes between two steps of its holder. */
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
    CHECK(ic_store_save(store, "key", old_token(), &error)); /* tried again, it makes a new one */
    unlink("in/" FILE_NAME), unlink("in/" FILE_NAME ".lock"), rmdir("in");
    CHECK(!ic_store_save(store, "key", old_token(), &error));
    EXPECT_ERROR(&error, "/in/" FILE_NAME ".tmp");
    ic_store_free(store);
    save_well("in/" FILE_NAME, old_token());
}

static int remove_entry(const char *path, const struct stat *found, int type, struct FTW *where) {
    (void)found, (void)type, (void)where;
    return remove(path);
}

int main(void) {
    const char *folder = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/ic-store.XXXXXX", folder && *folder ? folder : "/tmp");
    if (!mkdtemp(top) || !ic_process_prepare()) return 1;
    umask(022);
    test_token_json();
    test_keeping();
    disk.fast = true;
    test_unknown_members();
    test_keys();
    test_foreign_files();
    test_file_modes();
    test_weak_file_system();
    test_folders();
    test_paths();
    test_odd_files();
    test_owners();
    test_sizes();
    test_lock();
    test_moments();
    test_fork();
    test_orphaned_lock();
    test_failing_steps();
    test_folder_sync();
    test_memory();
    test_memory_of_messages();
    test_disks();
    test_vanishing();
    if (chdir("/") != 0 || nftw(top, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) return 1;
    return check_done("store");
}
