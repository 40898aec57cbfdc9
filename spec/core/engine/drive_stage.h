/* What the tests of a thread that drives the engine have in common: servers, and calls that this thread waits
 * for. */
#ifndef DRIVE_STAGE_H
#define DRIVE_STAGE_H

#include "spec/core/engine/driven_turns.h"
#include "spec/core/engine/engine_trial.h"

/* A test's server, that answers a request at each ic_peer_release, and one that answers at once. */
typedef struct stage_set {
    ic_peer *gated, *quick;
    ic_connection *to_gated, *to_quick;
    ic_mailbox *mailbox;
} stage_set;

static stage_set set_up(void) {
    stage_set set = {.gated = ic_peer_new(), .mailbox = ic_call_mailbox_new(NULL)};
    const char *answers[] = {good};
    set.quick = start_server(answers, 1);
    ic_peer_add_script(set.gated);
    ic_peer_add_step(set.gated, "read", NULL, 0, -1);
    ic_peer_add_step(set.gated, "gate", NULL, 0, -1);
    ic_peer_add_step(set.gated, "answer", NULL, 0, -1);
    ic_peer_add_step(set.gated, "loop", NULL, 0, -1);
    ic_peer_add_answer(set.gated, good, strlen(good));
    CHECK(ic_peer_start(set.gated) == NULL);
    set.to_gated = connect_to(set.gated, true);
    set.to_quick = connect_to(set.quick, true);
    set.to_gated->settings.watched = set.to_quick->settings.watched = false; /* an event would end the wait */
    return set;
}

static void tear_down(stage_set *set) {
    ic_connection_release(set->to_gated);
    ic_connection_release(set->to_quick);
    end_mailbox(set->mailbox);
    ic_peer_free(set->gated);
    ic_peer_free(set->quick);
}

static ic_call *start_to_wait(ic_mailbox *mailbox, ic_connection *connection) {
    ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
    ic_error error = {0};
    call->awaited = true;
    CHECK(ic_call_start(call, &error));
    return call;
}

static void wait_for(ic_call *call) {
    while (!ic_call_done(call)) {
        ic_engine_wait(call, 30);
        take_all(call->mailbox);
    }
}

/* A call that this thread drives; it has reached the gated server when the function `meanwhile` begins, on
 * another thread. */
typedef struct meanwhile {
    stage_set *set;
    pthread_t driver;
    ic_call *call;
    bool waits; /* the other thread waits for its call as this one does */
    bool good;
} meanwhile;

static inline void drive_while(meanwhile *scene, void *(*act)(void *), ic_call **call) {
    pthread_t thread;
    scene->driver = pthread_self();
    *call = scene->call = start_to_wait(scene->set->mailbox, scene->set->to_gated);
    pthread_create(&thread, NULL, act, scene);
    wait_for(*call);
    pthread_join(thread, NULL);
}

#endif
