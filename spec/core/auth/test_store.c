/* What the token store keeps, what it refuses, and its lock. */
#include "spec/core/auth/store_trial.h"

/* ---- a token and its JSON ---- */

static void test_token_json(void) {
    static const struct {
        const char *json, *error; /* error NULL: the token is as the rest says */
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
        {"{\"access_token\":1}", "access_token is not a string", NULL, NULL, NULL, 0},
        {"{\"access_token\":\"SECRET\",\"refresh_token\":{}}", "refresh_token is not a string", NULL, NULL,
         NULL, 0},
        {"{\"access_token\":\"SECRET\",\"scope\":[\"s\"]}", "scope is not a string", NULL, NULL, NULL, 0},
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
    CHECK(ic_store_save(store, "key", NULL, &error)); /* nothing to remove: nothing is written */
    CHECK(!is_there(FILE_NAME));
    CHECK(ic_store_save(store, "key", old_token(), &error));
    CHECK(mode_of(FILE_NAME) == 0600 && mode_of(FILE_NAME ".lock") == 0600 && !is_there(FILE_NAME ".tmp"));
    CHECK(ic_store_save(store, "other", new_token(), &error));
    CHECK(ic_store_load(store, "key", &token, &error) == 1 && same_token(&token, old_token()));
    ic_token_clear(&token);
    CHECK(ic_store_save(store, "key", new_token(), &error));
    CHECK(ic_store_load(store, "key", &token, &error) == 1 && same_token(&token, new_token()));
    ic_token_clear(&token);

    /* Members that the token no longer has are removed. */
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

    /* A value under the key that is not a token is refused by load, and replaced by save. */
    ic_error error = {0};
    ic_token token;
    ic_store *store = open_locked(FILE_NAME);
    CHECK(ic_store_load(store, "odd", &token, &error) == -1);
    EXPECT_ERROR(&error, "/unknown/" FILE_NAME
                         ": what is saved for this connection is not a token (it is not an object)");
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
        EXPECT_ERROR(&error, "the key is not UTF-8 (byte");
        CHECK(!ic_store_save(store, bad[i], old_token(), &error));
        EXPECT_ERROR(&error, "/keys/" FILE_NAME ": only UTF-8");
        CHECK(!ic_store_save(store, "key", &named, &error));
        EXPECT_ERROR(&error, "the refresh_token is not UTF-8");
    }
    ic_token split = pair("SECRET\r\nx", "r"), none = {.scope = (char *)"s"};
    CHECK(!ic_store_save(store, "key", &split, &error));
    EXPECT_ERROR(&error, "control character");
    CHECK(!ic_store_save(store, "key", &none, &error));
    EXPECT_ERROR(&error, "neither");
    CHECK(ic_store_load(store, "key", &token, &error) == 0);
    ic_store_free(store);
}

/* ---- files that are refused, and left as they are ---- */

static void test_foreign_files(void) {
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"\n", "only a part of one (invalid JSON"},
        {"{\"version\":1,\"tokens\":{\"key\":{\"access_token\":\"SECRET", "only a part of one (invalid JSON"},
        {"{\"version\":1,\"tokens\":{}}x", "only a part of one (invalid JSON"},
        {"<html>SECRET</html>", "only a part of one (invalid JSON"},
        {"{\"version\":1,\"tokens\":{\"\xff\":1}}", "not UTF-8 text at byte 25"},
        {"[]", "this is not a token file"},
        {"null", "this is not a token file"},
        {"{}", "this is not a token file"},
        {"{\"tokens\":{}}", "this is not a token file"},
        {"{\"version\":1}", "this is not a token file"},
        {"{\"version\":1,\"tokens\":[]}", "this is not a token file"},
        {"{\"version\":\"1\",\"tokens\":{}}", "this is not a token file"},
        {"{\"version\":0,\"tokens\":{}}", "this is not a token file"},
        {"{\"version\":0.5,\"tokens\":{}}", "this is not a token file"},
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
    write_file(FILE_NAME, zeros, sizeof zeros, 0600); /* as some file systems do after a loss of power */
    CHECK(!save_once(FILE_NAME, old_token(), true, &error));
    EXPECT_ERROR(&error, "not UTF-8 text at byte 1");
    put_file(""); /* a file of 0 bytes is one without a token */
    ic_store *store = open_locked(FILE_NAME);
    ic_token token;
    CHECK(ic_store_load(store, "key", &token, &error) == 0);
    CHECK(ic_store_prepare(store, &error));
    CHECK(ic_store_save(store, "key", old_token(), &error));
    ic_store_free(store);
    CHECK(holds(FILE_NAME, "key", old_token()));
    put_file("\xef\xbb\xbf {\"version\":1.0,\"tokens\":{}}\r\n"); /* as an editor may do */
    save_well(FILE_NAME, old_token());
}

/* Files of up to 4 MiB are read; room for the next token is kept free. */
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
    CHECK(ic_store_lock(one, &error) == 1); /* it has the lock */
    CHECK(ic_store_lock(two, &error) == 0); /* in the same process */
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

    /* A lock file that is removed while it is held excludes nobody, but no file is damaged. */
    two = open_store(FILE_NAME);
    CHECK(ic_store_lock(one, &error) == 1);
    unlink(FILE_NAME ".lock");
    CHECK(ic_store_lock(two, &error) == 1);
    CHECK(ic_store_save(two, "key", old_token(), &error) && ic_store_save(one, "key", new_token(), &error));
    ic_store_free(one);
    ic_store_free(two);
    CHECK(holds(FILE_NAME, "key", new_token()));
}

/* In a child the parent's store is not locked, and what the child does with it does not affect the parent. */
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
        ic_store_free(other);
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

/* A process that has the lock dies while a child of it lives on. */
static void test_orphaned_lock(void) {
    enter("orphan");
    int alive[2], release[2];
    char byte = 0;
    CHECK(pipe(alive) == 0 && pipe(release) == 0);
    pid_t child = fork();
    if (child == 0) {
        ic_store *store = ic_store_new(FILE_NAME, NULL);
        if (!store || ic_store_lock(store, NULL) != 1) _exit(1);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            close(release[1]);
            ic_store_free(store);
            if (write(alive[1], &byte, 1) != 1) _exit(1);
            _exit(read(release[0], &byte, 1) != 0); /* until the test closes its end */
        }
        if (grandchild > 0) raise(SIGKILL);
        _exit(1);
    }
    CHECK(wait_for(child) == 128 + SIGKILL);
    CHECK(read(alive[0], &byte, 1) == 1);
    ic_store_free(open_locked(FILE_NAME));
    close(alive[0]), close(alive[1]), close(release[0]), close(release[1]);
}

int main(void) {
    if (!begin_tests()) return 1;
    test_token_json();
    test_keeping();
    test_unknown_members();
    test_keys();
    test_foreign_files();
    test_sizes();
    test_lock();
    test_fork();
    test_orphaned_lock();
    end_tests();
    return check_done("store");
}
