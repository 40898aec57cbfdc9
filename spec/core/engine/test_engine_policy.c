/* What the engine does with calls that nobody waits for, and with rate limits that a server exaggerates. */
#include "core/http/request_build.h"
#include "spec/core/engine/engine_trial.h"

static ic_connection *connect_limited(const ic_peer *peer) {
    ic_connection *connection = connect_to(peer, true);
    connection->settings.rate_limit = true; /* before its first call */
    return connection;
}

static ic_call *make_launch(ic_mailbox *mailbox, ic_connection *connection) {
    ic_call *call = ic_call_new(mailbox, connection);
    ic_arguments arguments = {0};
    ic_error error = {0};
    CHECK(ic_request_raw(IC_PRODUCT_CLM, IC_POST, "/public/api/v1/workflows", &arguments, &call->request,
                         &error));
    call->request.bucket = IC_BUCKET_WORKFLOWS_WRITE;
    ic_error_clear(&error);
    return call;
}

/* The end of a call of the engine's own that takes so long: whatever was due before has happened. */
static void let_pass(ic_connection *connection, double seconds) {
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_call *call = ic_call_new(mailbox, connection);
    ic_error error = {0};
    call->purpose = IC_PURPOSE_SLEEP;
    call->sleep_seconds = seconds;
    CHECK(ic_call_start(call, &error));
    await(mailbox, call);
    ic_call_release(call);
    end_mailbox(mailbox);
}

static const char refused[] = "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: 0\r\n"
                              "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 50\r\n\r\n";

/* The engine holds the last count of a call that ends because its next permit comes after its deadline. */
static void test_last_count(void) {
    const char *answers[] = {refused};
    ic_peer *peer = start_server(answers, 1);
    ic_connection *connection = connect_limited(peer);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_call *call = make_launch(mailbox, connection);
    ic_error error = {0};
    call->options.deadline = 20;
    CHECK(ic_call_start(call, &error));
    end_mailbox(mailbox);
    ic_call_release(call);
    CHECK(ic_peer_await(peer, 1) == 1);
    let_pass(connection, 1);
    CHECK(ic_peer_await(peer, 1) == 1);
    ic_connection_release(connection);
    ic_peer_free(peer);
}

/* A launch whose Lua state has closed is not sent again, though a 429 allows it and a call that is waited for
 * would be. */
static void test_abandoned(void) {
    static const char again[] = "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n";
    for (int abandoned = 0; abandoned < 2; abandoned++) {
        ic_peer *peer = ic_peer_new();
        ic_peer_add_script(peer);
        ic_peer_add_step(peer, "read", NULL, 0, -1);
        ic_peer_add_step(peer, "gate", NULL, 0, -1);
        ic_peer_add_step(peer, "send", again, strlen(again), -1);
        ic_peer_add_step(peer, "read", NULL, 0, -1);
        ic_peer_add_step(peer, "send", good, strlen(good), -1);
        CHECK(ic_peer_start(peer) == NULL);
        ic_connection *connection = connect_to(peer, true);
        ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
        ic_call *call = make_launch(mailbox, connection);
        ic_error error = {0};
        CHECK(ic_call_start(call, &error));
        CHECK(ic_peer_await(peer, 1) == 1);
        if (abandoned) ic_call_abandon(call);
        let_pass(connection, 0.001); /* the engine has obeyed */
        ic_peer_release(peer);
        await(mailbox, call);
        size_t count;
        ic_peer_requests(peer, &count);
        CHECK(count == (abandoned ? 1 : 2));
        CHECK(call->error.kind == (abandoned ? IC_ERR_RATE_LIMITED : IC_OK));
        ic_call_release(call);
        ic_connection_release(connection);
        end_mailbox(mailbox);
        ic_peer_free(peer);
    }
}

static void end_soon(ic_call *call, ic_mailbox *mailbox) {
    ic_error error = {0};
    CHECK(ic_call_start(call, &error));
    CHECK(await_within(mailbox, call, 30));
}

/* After an answer with those fields, the error of the next call, which waits for 5 s at most. */
static void call_after(const char *answer, ic_error *error) {
    const char *answers[] = {answer, good};
    ic_peer *peer = start_server(answers, 2);
    ic_connection *connection = connect_limited(peer);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    for (int i = 0; i < 2; i++) {
        ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
        call->options.deadline = 5;
        end_soon(call, mailbox);
        if (i == 1) ic_error_copy(error, &call->error);
        ic_call_release(call);
    }
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* No header stops a bucket for longer than a minute, and a date is measured by the server's own clock. */
static void test_exaggerated(void) {
    ic_error error = {0};
    call_after("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: 400000000\r\n\r\n", &error);
    CHECK(error.kind == IC_ERR_RATE_LIMITED);
    CHECK(error.retry_after > 50 && error.retry_after <= 60);
    ic_error_clear(&error);
    call_after("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nDate: Wed, 21 Oct 2076 07:28:00 GMT\r\n"
               "Retry-After: Wed, 21 Oct 2076 07:28:01 GMT\r\n\r\n",
               &error);
    CHECK(error.kind == IC_OK);
    ic_error_clear(&error);
    call_after("HTTP/1.1 200 OK\r\nContent-Length: 11\r\nDate: Wed, 21 Oct 2076 07:28:00 GMT\r\n"
               "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 3370490881\r\n\r\n{\"id\":\"42\"}",
               &error);
    CHECK(error.kind == IC_OK);
    ic_error_clear(&error);
}

int main(void) {
    limit_seconds(60);
    STAGE(test_last_count);
    STAGE(test_abandoned);
    STAGE(test_exaggerated);
    return check_done("engine_policy");
}
