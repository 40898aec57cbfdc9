/* The work of a turn of the engine is that of what has happened: however many hosts there are, only the
 * queues in which a call can go on are looked at. The test is the engine's thread, and sends nothing. */
#include "core/engine/clients.h"
#include "core/engine/flow.h"
#include "core/engine/queues.h"
#include "core/engine/token_queue.h"
#include "core/engine/transfer.h"
#include "core/http/request_build.h"
#include "spec/core/engine/engine_trial.h"

#define HOSTS 500

static ic_call *start(ic_engine *engine, ic_connection *connection, int host) {
    char url[64];
    ic_error error = {0};
    ic_call *call = ic_call_new(NULL, connection);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/file", 1024 + host);
    CHECK(ic_request_download(url, false, &call->request, &error));
    ic_flow_start(engine, call);
    return call;
}

static void end(ic_engine *engine, ic_call *call) {
    ic_flow_cancel(engine, call);
    ic_call_release(call);
}

static void test_due_queues(void) {
    static ic_call *calls[HOSTS];
    ic_peer *peer = start_silent(); /* only for the connection's URL */
    ic_connection *connection = connect_to(peer, true);
    ic_engine engine = {.flow = &ic_flow_steps_in_use, .multi = curl_multi_init()};
    connection->settings.max_in_flight = 1;
    CHECK(ic_clients_init(&engine));
    for (int i = 0; i < HOSTS; i++) {
        calls[i] = start(&engine, connection, i);
        CHECK(calls[i]->state == IC_STATE_SENDING);
    }
    CHECK(ic_host_queues_serve(&engine) == 0);
    ic_call *waiting[] = {start(&engine, connection, 7), start(&engine, connection, 7),
                          start(&engine, connection, 9)};
    for (int i = 0; i < 3; i++)
        CHECK(waiting[i]->state == IC_STATE_WAIT_IN_FLIGHT);
    CHECK(ic_host_queues_serve(&engine) == 0);

    /* Nobody waits for the permit of host 8, one call waits for that of 9, and one of two gets that of 7. */
    for (int i = 7; i < 10; i++)
        end(&engine, calls[i]);
    CHECK(ic_host_queues_serve(&engine) == 2);
    CHECK(waiting[0]->state == IC_STATE_SENDING && waiting[1]->state == IC_STATE_WAIT_IN_FLIGHT);
    CHECK(waiting[2]->state == IC_STATE_SENDING);
    CHECK(ic_host_queues_serve(&engine) == 0);

    /* A queue whose last call is cancelled while it is due is freed with its place in the list. */
    end(&engine, waiting[0]);
    end(&engine, waiting[1]);
    ic_queues_tidy(&engine, ic_now());
    CHECK(ic_host_queues_serve(&engine) == 0);
    end(&engine, waiting[2]);
    for (int i = 0; i < HOSTS; i++)
        if (i < 7 || i > 9) end(&engine, calls[i]);
    CHECK(ic_host_queues_serve(&engine) == 0);

    ic_transfers_forget(&engine, NULL);
    ic_clients_free(&engine);
    ic_token_queue_free(&engine);
    ic_queues_free(&engine);
    curl_multi_cleanup(engine.multi);
    ic_timers_free(&engine.timers);
    ic_table_free(&engine.live_by_id);
    ic_connection_release(connection);
    ic_peer_free(peer);
}

int main(void) {
    limit_seconds(60);
    CHECK(ic_process_prepare());
    STAGE(test_due_queues);
    return check_done("queues");
}
