/* The engine when memory runs out. */
#include "spec/core/engine/engine_trial.h"

/* ic_alloc_fail_at or ic_alloc_fail_only. Each sweep is made in both ways, because what one failure leaves
 * half made may only be used when the next allocation succeeds. */
typedef void failing(long nth);

/* Each allocation of a call fails, and the engine goes on. */
static void sweep_call(failing *fail) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    int failed = 0, succeeded = 0;
    ic_call *warm = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, warm);
    ic_call_release(warm);
    for (long nth = 1; nth <= 40; nth++) {
        ic_error error = {0};
        fail(nth);
        ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
        bool started = call && call->error.kind == IC_OK && ic_call_start(call, &error);
        if (started) await(mailbox, call);
        fail(0);
        if (started && call->error.kind == IC_OK)
            succeeded++;
        else
            failed++;
        if (started && call->error.kind != IC_OK) CHECK(*ic_error_message(&call->error) != '\0');
        ic_error_clear(&error);
        if (call) ic_call_release(call);
    }
    CHECK(failed > 5);
    CHECK(succeeded > 0);
    ic_call *after = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, after);
    CHECK(after->error.kind == IC_OK);
    ic_call_release(after);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* Each allocation of a first call with client credentials fails, including those of the token's fetch. The
 * call ends every time. */
static void sweep_token(failing *fail) {
    const char *answers[] = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n"
                             "{\"access_token\":\"SECRET-first\",\"expires_in\":21600,\"id\":\"42\"}"};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    bool ended = true;
    int failed = 0;
    for (long nth = 0; ended && nth <= 80; nth++) {
        char id[32];
        ic_error error = {0};
        snprintf(id, sizeof id, "client-%d-%ld", fail == ic_alloc_fail_only, nth); /* its own token entry */
        ic_connection *connection = connect_as(peer, id);
        ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
        fail(nth);
        bool started = ic_call_start(call, &error);
        ended = !started || await_within(mailbox, call, 30);
        fail(0);
        if (!CHECK(ended)) printf("    failing at %ld\n", nth);
        if (nth == 0) CHECK(started && call->error.kind == IC_OK);
        if (started && call->error.kind == IC_ERR_MEMORY) failed++;
        ic_call_cancel(call);
        if (started) await(mailbox, call);
        ic_error_clear(&error);
        ic_call_release(call);
        ic_connection_release(connection);
    }
    CHECK(failed > 5);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

static void test_failing_memory(void) {
    sweep_call(ic_alloc_fail_at);
    sweep_call(ic_alloc_fail_only);
}

static void test_failing_memory_with_a_token(void) {
    sweep_token(ic_alloc_fail_at);
    sweep_token(ic_alloc_fail_only);
}

/* A server that sends IC_SINK_LIMIT bytes, and one more when its gate opens. */
static ic_peer *start_overflow(void) {
    char head[80];
    int length =
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", IC_SINK_LIMIT + 1);
    ic_peer *peer = ic_peer_new();
    ic_peer_add_script(peer);
    ic_peer_add_step(peer, "read", NULL, 0, -1);
    ic_peer_add_step(peer, "send", head, (size_t)length, -1);
    ic_peer_add_step(peer, "repeat", "x", 1, IC_SINK_LIMIT);
    ic_peer_add_step(peer, "gate", NULL, 0, -1);
    ic_peer_add_step(peer, "send", "x", 1, -1);
    ic_peer_add_step(peer, "hang", NULL, 0, -1);
    CHECK(ic_peer_start(peer) == NULL);
    return peer;
}

/* The last byte of an answer comes while its sink is full, and there is no memory for it when the sink is
 * emptied. */
static void test_lost_piece(void) {
    ic_peer *peer = start_overflow();
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
    ic_error error = {0};
    ic_buf chunk = {0};
    bool full = false, paused = false;
    call->options.output = IC_TO_SINK;
    CHECK(ic_call_start(call, &error));
    while (!paused && !ic_call_done(call)) {
        usleep(1000);
        ic_mailbox_lock(mailbox);
        bool open = !full && call->chunk.length == IC_SINK_LIMIT;
        paused = call->paused;
        ic_mailbox_unlock(mailbox);
        full = full || open;
        if (open) ic_peer_release(peer);
    }
    CHECK(full && paused);
    ic_alloc_fail_at(1);
    CHECK(ic_call_take_chunk(call, &chunk));
    CHECK(await_within(mailbox, call, 30));
    ic_alloc_fail_at(0);
    CHECK(chunk.length == IC_SINK_LIMIT);
    CHECK(call->error.kind == IC_ERR_MEMORY);
    ic_buf_free(&chunk);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

int main(void) {
    limit_seconds(200);
    STAGE(test_failing_memory);
    STAGE(test_failing_memory_with_a_token);
    STAGE(test_lost_piece);
    return check_done("engine_memory");
}
