/* The engine, calls and mailboxes, against servers that follow a script. Run under a thread sanitizer too. */
#include "core/http/request_build.h"
#include "spec/core/engine/engine_trial.h"
#include <pthread.h>

static void test_answer(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call);
    CHECK(call->error.kind == IC_OK);
    CHECK(call->value.kind == IC_VALUE_TAPE);
    cJSON *tree = ic_json_parse(call->value.tape.source.data, call->value.tape.source.length, NULL);
    CHECK_TEXT(ic_json_string(tree, "id"), "42");
    cJSON_Delete(tree);
    CHECK(call->response.status == 200 && call->response.attempts == 1);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

static void test_renewal(void) {
    const char *answers[] = {token, expired, token, good};
    ic_peer *peer = start_server(answers, 4);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, false);
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    size_t count = 0;
    await(mailbox, call);
    CHECK(call->error.kind == IC_OK);
    CHECK(call->response.attempts == 2);
    ic_peer_requests(peer, &count);
    CHECK(count == 4);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* The outcome of a cancelled call is unknown for a change that was sent, never for a read. */
static void test_cancel(void) {
    static const struct {
        const char *operation;
        ic_outcome outcome;
    } cases[] = {{"retrieve-a-workflow", IC_OUTCOME_NOT_DONE},
                 {"send-signature-request", IC_OUTCOME_UNKNOWN}};
    ic_peer *peer = start_silent();
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_call *call = start_call(mailbox, connection, cases[i].operation);
        CHECK(ic_peer_await(peer, i + 1) == i + 1);
        ic_call_cancel(call);
        await(mailbox, call);
        CHECK(call->error.kind == IC_ERR_CANCELLED);
        CHECK(call->error.outcome == cases[i].outcome);
        ic_call_cancel(call); /* again: does nothing */
        ic_call_release(call);
    }
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

#define THREADS 4
#define CALLS   60

typedef struct worker {
    ic_connection *connection;
    unsigned seed;
    int done, cancelled, other;
} worker;

/* A thread in the part of a Lua state: starts calls, cancels some, and releases some without reading them. */
static void *work(void *argument) {
    worker *mine = argument;
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_call *calls[CALLS];
    for (int i = 0; i < CALLS; i++) {
        ic_error error = {0};
        calls[i] = make_call(mailbox, mine->connection, "retrieve-a-workflow");
        ic_call_start(calls[i], &error);
        if (rand_r(&mine->seed) % 4 == 0) ic_call_cancel(calls[i]);
        if (rand_r(&mine->seed) % 8 == 0) {
            ic_call_cancel(calls[i]);
            ic_call_release(calls[i]);
            calls[i] = NULL;
        }
    }
    for (int i = 0; i < CALLS; i++) {
        if (!calls[i]) continue;
        await(mailbox, calls[i]);
        if (calls[i]->error.kind == IC_OK)
            mine->done++;
        else if (calls[i]->error.kind == IC_ERR_CANCELLED)
            mine->cancelled++;
        else
            mine->other++;
        ic_call_release(calls[i]);
    }
    /* Left in flight when the mailbox closes. */
    ic_call *last = make_call(mailbox, mine->connection, "retrieve-a-workflow");
    ic_error error = {0};
    ic_call_start(last, &error);
    end_mailbox(mailbox);
    ic_call_cancel(last);
    ic_call_release(last);
    return NULL;
}

static void test_threads(void) {
    const char *answers[] = {token, good};
    ic_peer *peer = start_server(answers, 2);
    ic_connection *connection = connect_to(peer, false);
    worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.connection = connection, .seed = (unsigned)i + 1};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(workers[i].other == 0);
        CHECK(workers[i].done > 0);
    }
    ic_connection_release(connection);
    ic_peer_free(peer);
}

#define UPLOADS 20000
#define STACK   (512 * 1024) /* bytes */

static ic_call *start_upload(ic_mailbox *mailbox, ic_connection *connection, const char *path) {
    ic_call *call = ic_call_new(mailbox, connection);
    ic_parts parts = {0};
    cJSON *files = cJSON_CreateObject(), *file = cJSON_AddNullToObject(files, "file");
    file->type = IC_JSON_FILE;
    file->valueint = (int)ic_parts_add(&parts, path, NULL, 0, NULL, NULL);
    ic_arguments arguments = {.files = files, .parts = &parts};
    CHECK(ic_request_raw(IC_PRODUCT_CLM, IC_POST, "/upload", &arguments, &call->request, &call->error));
    ic_call_start(call, &call->error);
    cJSON_Delete(files);
    return call;
}

/* Calls that fail as soon as they have their permit end one after the other, not within each other on the
 * stack. */
static void test_many_that_fail_at_once(void) {
    static ic_call *calls[UPLOADS];
    ic_peer *peer = start_silent();
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    int refused = 0;
    connection->settings.max_in_flight = 1;
    ic_call *first = start_call(mailbox, connection, "retrieve-a-workflow");
    CHECK(ic_peer_await(peer, 1) == 1);
    for (int i = 0; i < UPLOADS; i++)
        calls[i] = start_upload(mailbox, connection, "/nowhere/a file");
    ic_call_cancel(first);
    await(mailbox, first);
    ic_call_release(first);
    for (int i = 0; i < UPLOADS; i++) {
        await(mailbox, calls[i]);
        if (calls[i]->error.kind == IC_ERR_IO) refused++;
        ic_call_release(calls[i]);
    }
    CHECK(refused == UPLOADS);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* For every thread that starts from here on, including the engine's. */
static void make_stacks_small(void) {
#ifndef __SANITIZE_THREAD__ /* which needs much of the stack itself */
    pthread_attr_t small;
    pthread_attr_init(&small);
    CHECK(pthread_attr_setstacksize(&small, STACK) == 0 && pthread_setattr_default_np(&small) == 0);
    pthread_attr_destroy(&small);
#endif
}

int main(void) {
    limit_seconds(200);
    make_stacks_small();
    STAGE(test_answer);
    STAGE(test_renewal);
    STAGE(test_cancel);
    STAGE(test_threads);
    STAGE(test_many_that_fail_at_once);
    return check_done("engine");
}
