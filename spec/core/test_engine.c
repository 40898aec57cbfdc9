/* The engine, calls and mailboxes, against servers that play a script. Made to be run under a thread
 * sanitizer too. */
#include "../support/peer_server.h"
#include "alloc.h"
#include "call.h"
#include "check.h"
#include "clock.h"
#include "engine.h"
#include "process.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char good[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"id\":\"42\"}";
static const char token[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 43\r\n\r\n"
                            "{\"access_token\":\"first\",\"expires_in\":21600}";
static const char expired[] =
    "HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: 55\r\n\r\n"
    "{\"code\":\"UNAUTHORIZED\",\"message\":\"token has expired now\"}";

/* A server that reads and answers, for ever, on every connection. */
static ic_peer *start_server(const char *const *answers, size_t count) {
    ic_peer *peer = ic_peer_new();
    ic_peer_add_script(peer);
    ic_peer_add_step(peer, "read", NULL, 0, -1);
    ic_peer_add_step(peer, "answer", NULL, 0, -1);
    ic_peer_add_step(peer, "loop", NULL, 0, -1);
    for (size_t i = 0; i < count; i++)
        ic_peer_add_answer(peer, answers[i], strlen(answers[i]));
    CHECK(ic_peer_start(peer) == NULL);
    return peer;
}

/* A server that reads and never answers. */
static ic_peer *start_silent(void) {
    ic_peer *peer = ic_peer_new();
    ic_peer_add_script(peer);
    ic_peer_add_step(peer, "read", NULL, 0, -1);
    ic_peer_add_step(peer, "hang", NULL, 0, -1);
    CHECK(ic_peer_start(peer) == NULL);
    return peer;
}

/* `client_id` NULL: with a static token. */
static ic_connection *connect_as(const ic_peer *peer, const char *client_id) {
    bool with_token = !client_id;
    const struct {
        const char *name, *value;
        int when; /* 0: always, 1: with a static token, 2: with client credentials */
    } options[] = {{"token", "static-token", 1},
                   {"client_id", client_id, 2},
                   {"client_secret", "secret-of-a-test", 2},
                   {"as_user", "a@b.example", 0},
                   {NULL, NULL, 0}};
    ic_settings settings;
    ic_error error = {0};
    char instance[64];
    snprintf(instance, sizeof instance, "http://127.0.0.1:%d", ic_peer_port(peer));
    ic_settings_default(&settings);
    settings.rate_limit = false;
    ic_settings_text(&settings, ic_option_find("instance", IC_SCOPE_CONNECT), instance, &error);
    for (int i = 0; options[i].name; i++)
        if (!options[i].when || (options[i].when == 1) == with_token)
            ic_settings_text(&settings, ic_option_find(options[i].name, IC_SCOPE_CONNECT), options[i].value,
                             &error);
    ic_connection *connection = ic_connection_new(&settings, &error);
    if (!connection) printf("%s\n", ic_error_message(&error));
    ic_settings_clear(&settings);
    ic_error_clear(&error);
    return connection;
}

static ic_connection *connect_to(const ic_peer *peer, bool with_token) {
    return connect_as(peer, with_token ? NULL : "id");
}

static ic_call *make_call(ic_mailbox *mailbox, ic_connection *connection, const char *operation) {
    ic_call *call = ic_call_new(mailbox, connection);
    ic_arguments arguments = {.path = {"5f595f76c4fc9b3571413c3a"}, .path_length = {24}, .path_count = 1};
    if (call) ic_request_build(ic_operation_by_id(operation), &arguments, &call->request, &call->error);
    return call;
}

static ic_call *start_call(ic_mailbox *mailbox, ic_connection *connection, const char *operation) {
    ic_call *call = make_call(mailbox, connection, operation);
    ic_error error = {0};
    CHECK(call && ic_call_start(call, &error));
    return call;
}

static void take_all(ic_mailbox *mailbox) {
    unsigned notices;
    for (ic_call *news; (news = ic_mailbox_take(mailbox, &notices));)
        ic_call_release(news);
}

static void await(ic_mailbox *mailbox, ic_call *call) {
    while (!ic_call_done(call)) {
        ic_mailbox_wait(mailbox, -1);
        take_all(mailbox);
    }
}

/* For a call that a mistake would let wait for ever. */
static bool await_within(ic_mailbox *mailbox, ic_call *call, double seconds) {
    double until = ic_now() + seconds;
    while (!ic_call_done(call) && ic_now() < until) {
        ic_mailbox_wait(mailbox, until - ic_now());
        take_all(mailbox);
    }
    return ic_call_done(call);
}

static void end_mailbox(ic_mailbox *mailbox) {
    ic_mailbox_close(mailbox);
    ic_mailbox_release(mailbox);
}

static void test_answer(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call);
    CHECK(call->error.kind == IC_OK);
    CHECK(call->value.kind == IC_VALUE_TREE);
    CHECK_TEXT(ic_json_string(call->value.tree, "id"), "42");
    CHECK(call->response.status == 200 && call->response.attempts == 1);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

static void test_renewal(void) {
    const char *answers[] = {token, expired, token, good};
    ic_peer *peer = start_server(answers, 4);
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
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

/* What a cancelled call leaves in doubt: a change that was sent, never a read. */
static void test_cancel(void) {
    static const struct {
        const char *operation;
        ic_outcome outcome;
    } cases[] = {{"retrieve-a-workflow", IC_OUTCOME_NOT_DONE},
                 {"send-signature-request", IC_OUTCOME_UNKNOWN}};
    ic_peer *peer = start_silent();
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_call *call = start_call(mailbox, connection, cases[i].operation);
        CHECK(ic_peer_await(peer, i + 1) == i + 1);
        ic_call_cancel(call);
        await(mailbox, call);
        CHECK(call->error.kind == IC_ERR_CANCELLED);
        CHECK(call->error.outcome == cases[i].outcome);
        ic_call_cancel(call); /* once more: nothing */
        ic_call_release(call);
    }
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

/* A sanitizer's own lock may be held by another thread at the fork, and nobody is there to open it in the
 * child: then, and only then, the child is tried again. */
#ifdef __SANITIZE_ADDRESS__
#define CHILD_TRIES 4
#else
#define CHILD_TRIES 1
#endif
#define CHILD_SECONDS 30

#define THREADS 4
#define CALLS   60

typedef struct worker {
    ic_connection *connection;
    unsigned seed;
    int done, cancelled, other;
} worker;

/* A Lua state's part, played by a thread: starts calls, cancels some, drops some unread. */
static void *work(void *argument) {
    worker *mine = argument;
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
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

/* Every allocation of a call fails once; the engine lives on. */
static void test_failing_memory(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    int failed = 0, succeeded = 0;
    ic_call *warm = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, warm);
    ic_call_release(warm);
    for (long nth = 1; nth <= 40; nth++) {
        ic_error error = {0};
        ic_alloc_fail_at(nth);
        ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
        bool started = call && call->error.kind == IC_OK && ic_call_start(call, &error);
        if (started) await(mailbox, call);
        ic_alloc_fail_at(0);
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

/* Every allocation of a first call with client credentials fails once, and all that follow it, those of the
 * token's fetch too: the call ends. */
static void test_failing_memory_with_a_token(void) {
    const char *answers[] = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 53\r\n\r\n"
                             "{\"access_token\":\"first\",\"expires_in\":21600,\"id\":\"42\"}"};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
    bool ended = true;
    int failed = 0;
    for (long nth = 0; ended && nth <= 80; nth++) {
        char id[32];
        ic_error error = {0};
        snprintf(id, sizeof id, "client-%ld", nth); /* for a token slot of its own */
        ic_connection *connection = connect_as(peer, id);
        ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
        ic_alloc_fail_at(nth);
        bool started = ic_call_start(call, &error);
        ended = !started || await_within(mailbox, call, 30);
        ic_alloc_fail_at(0);
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

/* A server of IC_SINK_ROOM bytes, and of one more when its gate opens. */
static ic_peer *start_overflow(void) {
    char head[80];
    int length =
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", IC_SINK_ROOM + 1);
    ic_peer *peer = ic_peer_new();
    ic_peer_add_script(peer);
    ic_peer_add_step(peer, "read", NULL, 0, -1);
    ic_peer_add_step(peer, "send", head, (size_t)length, -1);
    ic_peer_add_step(peer, "repeat", "x", 1, IC_SINK_ROOM);
    ic_peer_add_step(peer, "gate", NULL, 0, -1);
    ic_peer_add_step(peer, "send", "x", 1, -1);
    ic_peer_add_step(peer, "hang", NULL, 0, -1);
    CHECK(ic_peer_start(peer) == NULL);
    return peer;
}

/* The last byte of an answer comes while its sink is full, and finds no memory when it is not any more. */
static void test_lost_piece(void) {
    ic_peer *peer = start_overflow();
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
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
        bool open = !full && call->chunk.length == IC_SINK_ROOM;
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
    CHECK(chunk.length == IC_SINK_ROOM);
    CHECK(call->error.kind == IC_ERR_MEMORY);
    ic_buf_free(&chunk);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
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
    CHECK(ic_request_raw(IC_POST, "/upload", &arguments, &call->request, &call->error));
    ic_call_start(call, &call->error);
    cJSON_Delete(files);
    return call;
}

/* Calls that fail as soon as it is their turn end one after the other, not one within the other. */
static void test_many_that_fail_at_once(void) {
    static ic_call *calls[UPLOADS];
    ic_peer *peer = start_silent();
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
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

/* Ends a child by exec, so that no checker takes what it has of the parent's memory for its leak. */
static void leave(bool works) {
    const char *verdict = works ? "true" : "false";
    execlp(verdict, verdict, (char *)NULL);
    _exit(1);
}

static bool in_child(bool (*part)(void *), void *argument) {
    int status = 0;
    for (int tries = 0; tries < CHILD_TRIES; tries++) {
        pid_t child = fork();
        if (child == 0) {
            signal(SIGALRM, SIG_DFL);
            alarm(CHILD_SECONDS);
            leave(part(argument));
        }
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM) break;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool other_files_are_left(void *argument) {
    const int *ends = argument;
    return fcntl(ends[0], F_GETFD) >= 0 && fcntl(ends[1], F_GETFD) < 0;
}

/* libcurl closes some sockets by itself: behind the number may be the host's own file by the time of a fork.
 */
static void test_fork_leaves_other_files(void) {
    int ends[2];
    CHECK(ic_process_prepare() && pipe(ends) == 0);
    CHECK(ic_process_adopt(ends[0]) && ic_process_adopt(ends[1]));
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(dup2(file, ends[0]) == ends[0]);
    CHECK(in_child(other_files_are_left, ends));
    ic_process_disown(ends[0]);
    ic_process_disown(ends[1]);
    close(file);
    close(ends[0]);
    close(ends[1]);
}

typedef struct inheritance {
    ic_mailbox *mailbox;
    ic_call *pending;
    ic_connection *connection;
} inheritance;

/* The child's part: what it inherited is left alone, and it can make an engine of its own. */
static bool child_works(void *argument) {
    const inheritance *mine = argument;
    bool works = !ic_mailbox_is_ours(mine->mailbox) && ic_mailbox_descriptor(mine->mailbox) == -1;
    ic_call_cancel(mine->pending); /* of another process: nothing */
#ifndef __SANITIZE_THREAD__        /* which knows no threads in a child */
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
    ic_call *call = start_call(mailbox, mine->connection, "retrieve-a-workflow");
    await(mailbox, call);
    works = works && call->error.kind == IC_OK;
    ic_call_release(call);
    end_mailbox(mailbox);
    ic_engine_stop();
#endif
    return works;
}

static void test_fork(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1), *silent = start_silent();
    ic_mailbox *mailbox = ic_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true), *stuck = connect_to(silent, true);
    ic_call *pending = start_call(mailbox, stuck, "retrieve-a-workflow");
    ic_peer_await(silent, 1);
    CHECK(in_child(child_works, &(inheritance){mailbox, pending, connection}));
    CHECK(!ic_call_done(pending));
    ic_call_cancel(pending);
    await(mailbox, pending);
    CHECK(pending->error.kind == IC_ERR_CANCELLED);
    ic_call_release(pending);
    ic_connection_release(connection);
    ic_connection_release(stuck);
    end_mailbox(mailbox);
    ic_peer_free(peer);
    ic_peer_free(silent);
}

/* Of every thread that starts from here on, the engine's too. */
static void make_stacks_small(void) {
#ifndef __SANITIZE_THREAD__ /* which keeps much of its own there */
    pthread_attr_t small;
    pthread_attr_init(&small);
    CHECK(pthread_attr_setstacksize(&small, STACK) == 0 && pthread_setattr_default_np(&small) == 0);
    pthread_attr_destroy(&small);
#endif
}

/* Which part has not come to its end. */
static const char *volatile stage;

static void on_alarm(int signal) {
    (void)signal;
    const char *name = stage;
    if (write(STDOUT_FILENO, "stuck in ", 9) < 0 || write(STDOUT_FILENO, name, strlen(name)) < 0) _exit(4);
    _exit(3);
}

#define STAGE(part) (stage = #part "\n", part())

int main(void) {
    signal(SIGALRM, on_alarm);
    alarm(200);
    make_stacks_small();
    STAGE(test_answer);
    STAGE(test_renewal);
    STAGE(test_cancel);
    STAGE(test_threads);
    STAGE(test_failing_memory);
    STAGE(test_failing_memory_with_a_token);
    STAGE(test_lost_piece);
    STAGE(test_many_that_fail_at_once);
    STAGE(test_fork_leaves_other_files);
    STAGE(test_fork);
    return check_done("engine");
}
