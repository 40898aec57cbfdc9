/* Which redirects are followed, and where to. */
#include "core/base/alloc.h"
#include "core/http/redirect.h"
#include "spec/core/check.h"

#define ORIGIN "https://na1.ironcladapp.com"

/* A refused redirect's `target` is a part of the message. */
static const struct {
    const char *from, *location, *target;
    bool foreign, download, allow_http, follows, leaves;
} cases[] = {
    {ORIGIN "/a/b?c", "/d?e#f", "/d?e", false, false, false, true, false},
    {ORIGIN "/a/b", "c", "/a/c", false, false, false, true, false},
    {ORIGIN "/a", "HTTPS://NA1.ironcladapp.com/b", "/b", false, false, false, true, false},
    {ORIGIN "/a", "https://na1.ironcladapp.com.evil.example/b", "to another host", false, false, false, false,
     false},
    {ORIGIN "/a", "https://files.example/b?s=1", "to another host", false, false, false, false, false},
    {ORIGIN "/a", "https://files.example/b?s=1", "https://files.example/b?s=1", false, true, false, true,
     true},
    {ORIGIN "/a", "http://files.example/b", "not https", false, true, false, false, false},
    {ORIGIN "/a", "http://files.example/b", "not https", false, true, true, false,
     false}, /* from https, never */
    {ORIGIN "/a", "https://user:pass@files.example/b", "not https", false, true, false, false, false},
    {"http://127.0.0.1:8080/a", "http://127.0.0.1:9090/b", "http://127.0.0.1:9090/b", false, true, false,
     true, true},
    {"http://127.0.0.1:8080/a", "http://files.example/b", "not https", false, true, false, false, false},
    {"http://127.0.0.1:8080/a", "http://files.example/b", "http://files.example/b", false, true, true, true,
     true},
    /* Once on another host, it stays a foreign URL, even to this host. */
    {"https://files.example/a", ORIGIN "/b", ORIGIN "/b", true, true, false, true, true},
    {ORIGIN "/a", "https://", "not a URL", false, true, false, false, false},
    {ORIGIN "/a", NULL, "without a Location", false, true, false, false, false},
    {ORIGIN "/a/b", "", "without a Location", false, true, false, false, false},
    {ORIGIN "/a/b?c", "#d", "/a/b?c", false, false, false, true, false},
    {ORIGIN "/a/b?c", "?d", "/a/b?d", false, false, false, true, false},
};

static void test_cases(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_redirect redirect = {.from = cases[i].from,
                                .origin = ORIGIN,
                                .foreign = cases[i].foreign,
                                .download = cases[i].download,
                                .allow_http = cases[i].allow_http,
                                .status = 302};
        ic_redirect_target target = {0};
        ic_error error = {0};
        bool good =
            CHECK(ic_redirect_follow(&redirect, cases[i].location, &target, &error) == cases[i].follows);
        if (cases[i].follows) {
            good = CHECK_TEXT(target.text, cases[i].target) && good;
            good = CHECK(target.foreign == cases[i].leaves) && good;
        } else {
            good = CHECK(error.kind == IC_ERR_PROTOCOL && error.status == 302 && !target.text) && good;
            good = CHECK(strstr(ic_error_message(&error), cases[i].target)) && good;
        }
        if (!good) printf("    row %zu: %s\n", i, ic_error_message(&error));
        ic_free(target.text);
        ic_error_clear(&error);
    }
}

static void test_count(void) {
    ic_redirect redirect = {.from = ORIGIN "/a", .origin = ORIGIN, .status = 302, .followed = 4};
    ic_redirect_target target = {0};
    ic_error error = {0};
    CHECK(ic_redirect_follow(&redirect, "/b", &target, &error));
    ic_free(target.text);
    redirect.followed = 5;
    CHECK(!ic_redirect_follow(&redirect, "/b", &target, &error));
    CHECK_TEXT(ic_error_message(&error), "the answer was a redirect (302) for the sixth time");
    ic_error_clear(&error);
}

int main(void) {
    test_cases();
    test_count();
    CHECK(ic_alloc_live() == 0);
    return check_done("redirect");
}
