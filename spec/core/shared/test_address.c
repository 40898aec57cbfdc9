/* Addresses of the shared Redis, the greeting, and replies. */
#include "core/base/alloc.h"
#include "core/shared/address.h"
#include "core/shared/greeting.h"
#include "spec/core/check.h"

static void test_good_addresses(void) {
    static const struct {
        const char *text, *host, *path, *user, *password;
        int port, database;
        bool tls;
        const char *name;
    } cases[] = {
        {"redis://localhost", "localhost", NULL, NULL, NULL, 6379, 0, false, "redis://localhost:6379/0"},
        {"redis://10.0.0.1:7000/3", "10.0.0.1", NULL, NULL, NULL, 7000, 3, false, "redis://10.0.0.1:7000/3"},
        {"redis://:pw@h/", "h", NULL, NULL, "pw", 6379, 0, false, "redis://h:6379/0"},
        {"redis://jane:p%40%2Fw@h:1/2", "h", NULL, "jane", "p@/w", 1, 2, false, "redis://h:1/2"},
        {"redis://jane:a@b@h", "h", NULL, "jane", "a@b", 6379, 0, false, "redis://h:6379/0"},
        {"redis://[::1]:7000", "::1", NULL, NULL, NULL, 7000, 0, false, "redis://[::1]:7000/0"},
        {"rediss://h", "h", NULL, NULL, NULL, 6379, 0, true, "rediss://h:6379/0"},
        {"unix:///run/r.sock", NULL, "/run/r.sock", NULL, NULL, 0, 0, false, "unix:///run/r.sock?db=0"},
        {"unix://:pw@/run/r.sock?db=5", NULL, "/run/r.sock", NULL, "pw", 0, 5, false,
         "unix:///run/r.sock?db=5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_shared_address address = {0};
        ic_error error = {0};
        CHECK(ic_shared_address_parse(cases[i].text, &address, &error));
        CHECK_TEXT(address.host, cases[i].host);
        CHECK_TEXT(address.path, cases[i].path);
        CHECK_TEXT(address.user, cases[i].user);
        CHECK_TEXT(address.password, cases[i].password);
        CHECK_TEXT(address.name, cases[i].name);
        CHECK(address.port == cases[i].port && address.database == cases[i].database);
        CHECK(address.tls == cases[i].tls);
        ic_shared_address_clear(&address);
        ic_error_clear(&error);
    }
}

static void test_addresses_without_memory(void) {
    bool done = false;
    for (long nth = 1; !done; nth++) {
        ic_shared_address address = {0};
        ic_error error = {0};
        ic_alloc_fail_only(nth);
        done = ic_shared_address_parse("redis://jane:pw@host:1/2", &address, &error);
        ic_alloc_fail_only(0);
        CHECK(done || (error.kind == IC_ERR_MEMORY && !address.host && !address.password));
        ic_shared_address_clear(&address);
        ic_error_clear(&error);
    }
    CHECK(ic_alloc_live() == 0);
}

static void test_greeting(void) {
    ic_shared_address address = {0};
    ic_error error = {0};
    const char *words[IC_GREETING_WORDS];
    char space[IC_GREETING_SPACE], said[128] = "";
    CHECK(ic_shared_address_parse("redis://jane:pw@h/3", &address, &error));
    for (int step = 0;; step++) {
        size_t count = ic_greeting_step(&address, step, words, space);
        if (!count) break;
        for (size_t i = 0; i < count; i++) {
            strcat(said, words[i]);
            strcat(said, i + 1 < count ? " " : ". ");
        }
    }
    CHECK_TEXT(said, "AUTH jane pw. SELECT 3. INFO server. ");
    ic_shared_address_clear(&address);
    CHECK(ic_shared_address_parse("redis://h", &address, &error));
    CHECK(ic_greeting_step(&address, 0, words, space) == 2 && strcmp(words[0], "INFO") == 0);
    CHECK(ic_greeting_step(&address, 1, words, space) == 0);
    ic_shared_address_clear(&address);
}

static void test_greeting_replies(void) {
    static const struct {
        ic_reply_kind kind;
        char *text;
        const char *why; /* NULL: good */
    } cases[] = {
        {IC_REPLY_TEXT, "OK", NULL},
        {IC_REPLY_TEXT, "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n", NULL},
        {IC_REPLY_TEXT, "redis_version:6.0.0", NULL},
        {IC_REPLY_TEXT, "redis_version:5.0.14\r\n", "it is Redis 5.0.14; version 6 or later is needed"},
        {IC_REPLY_TEXT, "redis_version:7.0.0\r\nredis_mode:cluster\r\n",
         "it is Redis Cluster, which is not supported; name one server"},
        {IC_REPLY_TEXT, "redis_version:7.0.0\r\nredis_mode:sentinel\r\n",
         "it is Redis Sentinel, which is not supported; name one server"},
        {IC_REPLY_TEXT, "hello", "it does not say that it is Redis"},
        {IC_REPLY_ERROR, "WRONGPASS no", "it refused the connection: WRONGPASS no"},
        {IC_REPLY_INTEGER, NULL, "it does not answer as Redis does"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_reply reply = {.kind = cases[i].kind,
                          .text = cases[i].text,
                          .length = cases[i].text ? strlen(cases[i].text) : 0};
        char why[128] = "";
        CHECK(ic_greeting_check(&reply, why, sizeof why) == !cases[i].why);
        CHECK_TEXT(why, cases[i].why ? cases[i].why : "");
    }
}

static void test_replies(void) {
    ic_reply items[] = {{.kind = IC_REPLY_INTEGER, .integer = 7},
                        {.kind = IC_REPLY_TEXT, .text = "-12", .length = 3},
                        {.kind = IC_REPLY_TEXT, .text = "12x", .length = 3}};
    ic_reply list = {.kind = IC_REPLY_LIST, .items = items, .count = 3};
    CHECK(ic_reply_integer(ic_reply_item(&list, 0), -1) == 7);
    CHECK(ic_reply_integer(ic_reply_item(&list, 1), -1) == -12);
    CHECK(ic_reply_integer(ic_reply_item(&list, 2), -1) == -1);
    CHECK(ic_reply_item(&list, 3)->kind == IC_REPLY_NIL);
    CHECK(ic_reply_item(&items[0], 0)->kind == IC_REPLY_NIL);
    CHECK(ic_reply_is(&items[2], "12x") && !ic_reply_is(&items[2], "12"));
}

int main(void) {
    test_good_addresses();
    test_addresses_without_memory();
    test_greeting();
    test_greeting_replies();
    test_replies();
    return check_done("address");
}
