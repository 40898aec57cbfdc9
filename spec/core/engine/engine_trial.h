/* Shared by the programs that test the engine: servers that follow a script, connections to them, calls. */
#ifndef ENGINE_TRIAL_H
#define ENGINE_TRIAL_H

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/engine/call.h"
#include "core/engine/call_events.h"
#include "core/engine/engine.h"
#include "core/engine/starter.h"
#include "core/http/request_build.h"
#include "spec/core/check.h"
#include "spec/support/peer_server.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const char good[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"id\":\"42\"}";
static const char token[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"
                            "{\"access_token\":\"SECRET-first\",\"expires_in\":21600}";
static const char expired[] =
    "HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: 55\r\n\r\n"
    "{\"code\":\"UNAUTHORIZED\",\"message\":\"token has expired now\"}";

/* A server that reads and answers again and again, on every connection. */
static inline ic_peer *start_server(const char *const *answers, size_t count) {
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
static inline ic_peer *start_silent(void) {
    ic_peer *peer = ic_peer_new();
    ic_peer_add_script(peer);
    ic_peer_add_step(peer, "read", NULL, 0, -1);
    ic_peer_add_step(peer, "hang", NULL, 0, -1);
    CHECK(ic_peer_start(peer) == NULL);
    return peer;
}

/* `client_id` NULL: with a static token; `store` NULL: its token is kept in memory. */
static inline ic_connection *connect_with_store(const ic_peer *peer, const char *client_id,
                                                const char *store) {
    const char *const options[][2] = {{"token", client_id ? NULL : "SECRET-static"},
                                      {"client_id", client_id},
                                      {"client_secret", client_id ? "SECRET-of-a-client" : NULL},
                                      {"as_user", "a@b.example"},
                                      {"store", store}};
    ic_settings settings;
    ic_error error = {0};
    char instance[64];
    snprintf(instance, sizeof instance, "http://127.0.0.1:%d", ic_peer_port(peer));
    ic_settings_default(&settings);
    settings.rate_limit = false;
    settings.watched = true;
    ic_settings_text(&settings, ic_option_find("instance", IC_FOR_CONNECT), instance, &error);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i][1])
            ic_settings_text(&settings, ic_option_find(options[i][0], IC_FOR_CONNECT), options[i][1], &error);
    ic_connection *connection = ic_connection_new(&settings, NULL, 0, &error);
    if (!connection) printf("%s\n", ic_error_message(&error));
    ic_settings_clear(&settings);
    ic_error_clear(&error);
    return connection;
}

static inline ic_connection *connect_as(const ic_peer *peer, const char *client_id) {
    return connect_with_store(peer, client_id, NULL);
}

static inline ic_connection *connect_to(const ic_peer *peer, bool with_token) {
    return connect_as(peer, with_token ? NULL : "id");
}

static inline ic_call *make_call(ic_mailbox *mailbox, ic_connection *connection, const char *operation) {
    ic_call *call = ic_call_new(mailbox, connection);
    ic_arguments arguments = {.path = {"5f595f76c4fc9b3571413c3a"}, .path_length = {24}, .path_count = 1};
    if (call) ic_request_build(ic_operation_by_id(operation), &arguments, &call->request, &call->error);
    return call;
}

static inline ic_call *start_call(ic_mailbox *mailbox, ic_connection *connection, const char *operation) {
    ic_call *call = make_call(mailbox, connection, operation);
    ic_error error = {0};
    CHECK(call && ic_call_start(call, &error));
    return call;
}

static inline void take_all(ic_mailbox *mailbox) {
    unsigned notices;
    for (ic_call *news; (news = ic_call_take(mailbox, &notices));) {
        for (ic_event *event; (event = ic_event_take(news));)
            ic_event_free(event);
        ic_call_release(news);
    }
}

static inline void await(ic_mailbox *mailbox, ic_call *call) {
    while (!ic_call_done(call)) {
        ic_mailbox_wait(mailbox, -1);
        take_all(mailbox);
    }
}

/* For a call that would never end if the engine were wrong. */
static inline bool await_within(ic_mailbox *mailbox, ic_call *call, double seconds) {
    double until = ic_now() + seconds;
    while (!ic_call_done(call) && ic_now() < until) {
        ic_mailbox_wait(mailbox, until - ic_now());
        take_all(mailbox);
    }
    return ic_call_done(call);
}

static inline void end_mailbox(ic_mailbox *mailbox) {
    ic_mailbox_close(mailbox);
    ic_mailbox_release(mailbox);
}

/* The part of the program that is running. */
static const char *volatile stage;

static inline void on_alarm(int signal) {
    (void)signal;
    const char *name = stage;
    if (write(STDOUT_FILENO, "stuck in ", 9) < 0 || write(STDOUT_FILENO, name, strlen(name)) < 0) _exit(4);
    _exit(3);
}

#define STAGE(part) (stage = #part "\n", part())

/* Ends the program, naming the part that hangs, after that time. */
static inline void limit_seconds(unsigned seconds) {
    signal(SIGALRM, on_alarm);
    alarm(seconds);
}

#endif
