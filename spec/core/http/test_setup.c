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
                          .attempt_id = "c0ffee00-0000-8000-8000-000000000001",
                          .url = cases[i].url,
                          .foreign = cases[i].foreign,
                          .moves_file = cases[i].moves_file,
                          .error = &error};
        CHECK(ic_setup_easy(&setup));
        CHECK(setup.proxied == cases[i].proxied);
        CHECK_TEXT(header(&setup, "Authorization: "), cases[i].authorization);
        CHECK_TEXT(header(&setup, "x-as-user-email: "), cases[i].actor);
        CHECK_TEXT(header(&setup, "X-Request-Id: "), "c0ffee00-0000-8000-8000-000000000001");
        CHECK_TEXT(header(&setup, "Accept-Encoding: "), cases[i].encoding);
        curl_easy_cleanup(setup.easy);
        ic_setup_clear(&setup);
        ic_connection_release((ic_connection *)setup.connection);
        ic_error_clear(&error);
    }
}

static ic_request read_request(const ic_operation *operation) {
    return (ic_request){
        .operation = operation, .method = IC_GET, .answer = operation->answer, .repeatable = true};
}

/* Only a read that sends nothing of its own shares its handle. */
static void test_plain(void) {
    const ic_operation *operation = ic_operation_by_id("list-all-workflows");
    ic_connection *connection = connection_with(NULL, NULL), *proxied = connection_with("http://p:1", NULL);
    char *lines[] = {"X-Spec: one"};
    ic_form_field field = {0};
    enum { CASES = 14 };
    ic_request requests[CASES];
    ic_setup setups[CASES];
    for (size_t i = 0; i < CASES; i++) {
        requests[i] = read_request(operation);
        setups[i] = (ic_setup){.connection = connection, .request = &requests[i], .bearer = "t0ken"};
    }
    requests[1].method = IC_DELETE;
    requests[2].body = "{}";
    requests[3].form = &field;
    requests[4].headers = lines, requests[4].header_count = 1;
    requests[5].authorization = "Basic x";
    requests[6].sensitive = "x";
    requests[7].anonymous = true;
    requests[8].no_bearer = true;
    requests[9].absolute = true;
    requests[10].repeatable = false;
    requests[11].answer = IC_ANSWER_BYTES;
    setups[12].foreign = true;
    setups[13].moves_file = true;
    for (size_t i = 0; i < CASES; i++)
        CHECK(ic_setup_is_plain(&setups[i]) == (i == 0));
    setups[0].connection = proxied;
    CHECK(!ic_setup_is_plain(&setups[0]));
    ic_connection_release(connection);
    ic_connection_release(proxied);
}

/* A handle fits the same connection, bearer, actor and host, and goes on with the next URL. */
static void test_again(void) {
    const ic_operation *operation = ic_operation_by_id("list-all-workflows");
    ic_connection *connection = connection_with(NULL, NULL), *other = connection_with(NULL, NULL);
    ic_request request = read_request(operation), elsewhere = request;
    ic_error error = {0};
    char *url = NULL;
    elsewhere.host = (ic_host)(request.host + 1);
    ic_setup setup = {.easy = curl_easy_init(),
                      .connection = connection,
                      .request = &request,
                      .bearer = "t0ken",
                      .actor = "a@example.com",
                      .attempt_id = "c0ffee00-0000-8000-8000-000000000001",
                      .url = HOST,
                      .timeout = 5,
                      .error = &error};
    ic_setup wanted = setup;
    CHECK(ic_setup_easy(&setup));
    wanted.easy = NULL;
    CHECK(ic_setup_fits(&setup, &wanted) == IC_FIT);
    const struct {
        const ic_connection *connection;
        const char *bearer, *actor;
        const ic_request *request;
        ic_fit fit;
    } cases[] = {
        {other, "t0ken", "a@example.com", &request, IC_FIT_NOT},
        {connection, "t0ken2", "a@example.com", &request, IC_FIT_NEVER},
        {connection, "t0ke", "a@example.com", &request, IC_FIT_NEVER},
        {connection, "t0ken", "b@example.com", &request, IC_FIT_NOT},
        {connection, "t0ken", "a@example.co", &request, IC_FIT_NOT},
        {connection, "t0ken", NULL, &request, IC_FIT_NOT},
        {connection, "t0ken", "5f0375c4", &request, IC_FIT_NOT},
        {connection, "t0ken", "a@example.com", &elsewhere, IC_FIT_NOT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_setup given = wanted;
        given.connection = cases[i].connection, given.bearer = cases[i].bearer;
        given.actor = cases[i].actor, given.request = cases[i].request;
        CHECK(ic_setup_fits(&setup, &given) == cases[i].fit);
    }
    wanted.attempt_id = NULL;
    CHECK(ic_setup_fits(&setup, &wanted) == IC_FIT_NOT);
    CURL *easy = setup.easy;
    wanted.url = HOST "/second";
    wanted.attempt_id = "c0ffee00-0000-8000-8000-000000000002";
    CHECK(ic_setup_again(&setup, &wanted));
    CHECK(setup.easy == easy);
    CHECK_TEXT(header(&setup, "Authorization: "), "Bearer t0ken");
    CHECK_TEXT(header(&setup, "X-Request-Id: "), "c0ffee00-0000-8000-8000-000000000002");
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    CHECK_TEXT(url, HOST "/second");
    curl_easy_cleanup(easy);
    ic_setup_clear(&setup);
    ic_connection_release(connection);
    ic_connection_release(other);
}

int main(void) {
    CHECK(ic_process_prepare());
    test_setups();
    test_plain();
    test_again();
    return check_done("setup");
}
