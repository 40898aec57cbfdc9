/* What an attempt sends: its header fields by host, and whether it goes through the proxy. */
#include "core/base/process.h"
#include "core/base/text.h"
#include "core/http/setup.h"
#include "spec/core/check.h"

#define HOST "https://na1.ironcladapp.com/public/api/v1/workflows"

static ic_connection *connection_with(const char *proxy, const char *no_proxy) {
    static const char *const names[] = {"instance", "token", "proxy", "no_proxy"};
    const char *values[] = {"na1", "t0ken", proxy, no_proxy};
    ic_settings settings;
    ic_error error = {0};
    ic_settings_default(&settings);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (values[i])
            CHECK(ic_settings_text(&settings, ic_option_find(names[i], IC_FOR_CONNECT), values[i], &error));
    if (!proxy) /* not that of the environment */
        CHECK(ic_settings_boolean(&settings, ic_option_find("proxy", IC_FOR_CONNECT), false, &error));
    ic_connection *connection = ic_connection_new(&settings, NULL, 0, &error);
    if (!CHECK(connection != NULL)) printf("    %s\n", ic_error_message(&error));
    return connection;
}

static const char *header(const ic_setup *setup, const char *name) {
    for (const struct curl_slist *line = setup->headers; line; line = line->next)
        if (ic_text_starts(line->data, name)) return line->data + strlen(name);
    return NULL;
}

static void test_setups(void) {
    static const struct {
        const char *proxy, *no_proxy, *url;
        bool foreign, moves_file, proxied;
        const char *authorization, *actor, *encoding;
    } cases[] = {
        {NULL, NULL, HOST, false, false, false, "Bearer t0ken", "a@example.com", NULL},
        {NULL, NULL, HOST, false, true, false, "Bearer t0ken", "a@example.com", "identity"},
        /* Another host learns neither the token nor the user. */
        {NULL, NULL, "https://files.example/x", true, true, false, NULL, NULL, "identity"},
        {"http://proxy.example:3128", "files.example", HOST, false, false, true, "Bearer t0ken",
         "a@example.com", NULL},
        {"http://proxy.example:3128", ".ironcladapp.com", HOST, false, false, false, "Bearer t0ken",
         "a@example.com", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ic_operation *operation = ic_operation_by_id("list-all-workflows");
        ic_request request = {.operation = operation, .method = IC_GET, .answer = operation->answer};
        ic_error error = {0};
        ic_setup setup = {.easy = curl_easy_init(),
                          .connection = connection_with(cases[i].proxy, cases[i].no_proxy),
                          .request = &request,
                          .bearer = "t0ken",
                          .actor = "a@example.com",
                          .url = cases[i].url,
                          .foreign = cases[i].foreign,
                          .moves_file = cases[i].moves_file,
                          .error = &error};
        CHECK(ic_setup_easy(&setup));
        CHECK(setup.proxied == cases[i].proxied);
        CHECK_TEXT(header(&setup, "Authorization: "), cases[i].authorization);
        CHECK_TEXT(header(&setup, "x-as-user-email: "), cases[i].actor);
        CHECK_TEXT(header(&setup, "Accept-Encoding: "), cases[i].encoding);
        curl_easy_cleanup(setup.easy);
        ic_setup_clear(&setup);
        ic_connection_release((ic_connection *)setup.connection);
        ic_error_clear(&error);
    }
}

int main(void) {
    CHECK(ic_process_prepare());
    test_setups();
    return check_done("setup");
}
