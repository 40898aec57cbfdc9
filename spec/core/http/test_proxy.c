/* Which requests go through the proxy. */
#include "core/http/proxy.h"
#include "spec/core/check.h"

#define PROXY "http://proxy.example:3128"

static const struct {
    const char *no_proxy, *url;
    bool applies;
} cases[] = {
    {NULL, "https://na1.ironcladapp.com/x", true},
    {"", "https://na1.ironcladapp.com/x", true},
    {"*", "https://na1.ironcladapp.com/x", false},
    {"ironcladapp.com", "https://na1.ironcladapp.com/x", false},
    {".ironcladapp.com", "https://na1.ironcladapp.com/x", false},
    {"ironcladapp.com.", "https://na1.ironcladapp.com/x", false},
    {"IronCladApp.COM", "https://na1.ironcladapp.com/x", false},
    {"ironcladapp.com", "https://ironcladapp.com:8443/", false},
    {"cladapp.com", "https://na1.ironcladapp.com/x", true},
    {"na1.ironcladapp.com.example", "https://na1.ironcladapp.com/x", true},
    {"a.example, b.example ,ironcladapp.com", "https://na1.ironcladapp.com/x", false},
    {"a.example,,", "https://na1.ironcladapp.com/x", true},
    {"10.1.2.3", "https://10.1.2.3/", false},
    {"10.1.2.4", "https://10.1.2.3/", true},
    {"10.0.0.0/8", "https://10.1.2.3/", false},
    {"10.1.2.0/23", "https://10.1.3.3/", false},
    {"10.1.2.0/24", "https://10.1.3.3/", true},
    {"10.1.2.0/33", "https://10.1.2.0/", true},
    {"0.0.0.0/0", "https://10.1.2.3/", false},
    {"fd00::/8", "https://[fd12::1]:8443/", false},
    {"[fd12::1]", "https://[fd12::1]/", false},
    {"fd12::2", "https://[fd12::1]/", true},
    /* Plain http to this machine stays on it; TLS may go anywhere. */
    {NULL, "http://127.0.0.1:8080/", false},
    {NULL, "http://localhost/", false},
    {NULL, "http://[::1]/", false},
    {NULL, "https://localhost/", true},
    {NULL, "http://files.example/", true},
};

static bool applies(const char *proxy, const char *no_proxy, const char *url) {
    bool result;
    CHECK(ic_proxy_applies(proxy, no_proxy, url, &result));
    return result;
}

static void test_applies(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!CHECK(applies(PROXY, cases[i].no_proxy, cases[i].url) == cases[i].applies))
            printf("    for %s with no_proxy %s\n", cases[i].url,
                   cases[i].no_proxy ? cases[i].no_proxy : "(null)");
    CHECK(!applies(NULL, NULL, "https://na1.ironcladapp.com/"));
    CHECK(applies("http://127.0.0.1:3128", NULL, "http://localhost:8080/"));
    CHECK(applies("socks5h://[::1]:1080", NULL, "http://localhost:8080/"));
    CHECK(applies(PROXY, "*", "no URL")); /* libcurl refuses it later */
}

int main(void) {
    test_applies();
    return check_done("proxy");
}
