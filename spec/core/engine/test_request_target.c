/* libcurl without memory: each of its allocations fails once. A request that is sent all the same is the
 * whole one, with its query, and goes to the host and port, through the proxy, that were given. */
#include "core/http/proxy.h"
#include "core/http/request_build.h"
#include "spec/core/engine/engine_trial.h"
#include <curl/curl.h>
#include <stdatomic.h>

#define TARGET   "/public/api/v1/records?types=mutualNDA&filter=Equals%28%5Bname%5D%2C%27x%27%29"
#define ATTEMPTS 400 /* allocations; a call takes fewer */

static atomic_long left; /* allocations until the one that fails; 0: none does */

static bool fails(void) {
    return atomic_load(&left) > 0 && atomic_fetch_sub(&left, 1) == 1;
}

static void *trial_malloc(size_t size) {
    return fails() ? NULL : malloc(size);
}

static void *trial_calloc(size_t count, size_t size) {
    return fails() ? NULL : calloc(count, size);
}

static void *trial_realloc(void *block, size_t size) {
    return fails() ? NULL : realloc(block, size);
}

static char *trial_strdup(const char *text) {
    return fails() ? NULL : strdup(text);
}

static bool play(ic_mailbox *mailbox, ic_connection *connection, long nth) {
    ic_arguments arguments = {0};
    ic_error error = {0};
    ic_call *call = ic_call_new(mailbox, connection);
    bool built = ic_request_raw(IC_PRODUCT_CLM, IC_GET, TARGET, &arguments, &call->request, &error);
    call->options.max_retries = 0;
    atomic_store(&left, nth);
    bool good = built && ic_call_start(call, &error);
    if (good) await(mailbox, call);
    atomic_store(&left, 0);
    good = good && call->error.kind == IC_OK;
    ic_error_clear(&error);
    ic_call_release(call);
    return good;
}

static void test_target(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    int succeeded = 0;
    CHECK(play(mailbox, connection, 0));
    for (long nth = 1; nth <= ATTEMPTS; nth++)
        succeeded += play(mailbox, connection, nth);
    CHECK(succeeded > 0 && succeeded < ATTEMPTS);
    size_t count;
    const ic_peer_request *request = ic_peer_requests(peer, &count);
    CHECK(count > (size_t)succeeded);
    for (size_t i = 0; i < count; i++, request = request->next)
        if (!CHECK(strncmp(request->head, "GET " TARGET " HTTP/1.1\r\n",
                           sizeof "GET  HTTP/1.1\r\n" + sizeof TARGET - 2) == 0))
            printf("    %.100s\n", request->head);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* Where requests go: the whole of it, or no memory. */
static void test_places(void) {
    static const char instance[] = "https://localhost:8443", proxy[] = "http://me:SECRET-x@127.0.0.1:3128";
    for (long nth = 1; nth <= 100; nth++) {
        ic_settings settings;
        ic_error error = {0};
        bool applies = false;
        ic_settings_default(&settings);
        ic_settings_text(&settings, ic_option_find("instance", IC_FOR_CONNECT), instance, &error);
        ic_settings_text(&settings, ic_option_find("token", IC_FOR_CONNECT), "SECRET-static", &error);
        ic_settings_text(&settings, ic_option_find("proxy", IC_FOR_CONNECT), proxy, &error);
        atomic_store(&left, nth);
        ic_connection *connection = ic_connection_new(&settings, NULL, 0, &error);
        atomic_store(&left, nth);
        bool known = ic_proxy_applies("http://proxy.example/", "localhost", instance, &applies);
        atomic_store(&left, 0);
        if (!CHECK(connection || error.kind == IC_ERR_MEMORY))
            printf("    %ld: %s\n", nth, ic_error_message(&error));
        CHECK(!applies && (known || nth < 60));
        if (connection) {
            CHECK_TEXT(connection->origin, instance);
            CHECK_TEXT(connection->proxy, "http://127.0.0.1:3128/");
            CHECK_TEXT(connection->proxy_user, "me");
            CHECK_TEXT(connection->proxy_password, "SECRET-x");
            ic_connection_release(connection);
        }
        ic_settings_clear(&settings);
        ic_error_clear(&error);
    }
}

int main(void) {
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, trial_malloc, free, trial_realloc, trial_strdup,
                             trial_calloc))
        return 1;
    limit_seconds(200);
    STAGE(test_places);
    STAGE(test_target);
    return check_done("request_target");
}
