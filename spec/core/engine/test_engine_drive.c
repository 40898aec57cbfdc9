/* A thread that waits for its call runs the engine meanwhile: it, other threads and signals.
 * Run under a thread sanitizer too. */
#include "spec/core/engine/drive_stage.h"

/* Calls in turn: this thread drives. No other has run the engine. */
static void test_in_turn(void) {
    stage_set set = set_up();
    for (int i = 0; i < 50; i++) {
        ic_call *call = start_to_wait(set.mailbox, set.to_quick);
        wait_for(call);
        CHECK(call->error.kind == IC_OK);
        ic_call_release(call);
    }
    CHECK(atomic_load(&driven_turns) >= 50 && !atomic_load(&other));
    tear_down(&set);
}

static void *call_and_release(void *argument) {
    meanwhile *scene = argument;
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    size_t before = ic_peer_await(scene->set->gated, 1);
    int good_calls = 0;
    for (int i = 0; i < 20; i++) {
        ic_call *call = start_to_wait(mailbox, scene->set->to_quick);
        if (!scene->waits) call->awaited = false;
        if (scene->waits)
            wait_for(call);
        else
            ic_engine_wake(), await(mailbox, call);
        good_calls += call->error.kind == IC_OK;
        ic_call_release(call);
    }
    end_mailbox(mailbox);
    scene->good = good_calls == 20;
    CHECK(before >= 1);
    ic_peer_release(scene->set->gated);
    return NULL;
}

/* The calls of another thread go on while this one drives, whether or not it waits for them likewise. */
static void test_other_thread(void) {
    for (int waits = 0; waits < 2; waits++) {
        stage_set set = set_up();
        meanwhile scene = {.set = &set, .waits = waits};
        ic_call *call;
        drive_while(&scene, call_and_release, &call);
        CHECK(scene.good && call->error.kind == IC_OK);
        ic_call_release(call);
        tear_down(&set);
    }
}

/* When the wait is over before the call, the engine's thread goes on with it. */
static void test_hand_over(void) {
    stage_set set = set_up();
    ic_call *call = start_to_wait(set.mailbox, set.to_gated);
    ic_engine_wait(call, 0.05);
    CHECK(!ic_call_done(call));
    CHECK(ic_peer_await(set.gated, 1) == 1);
    int before = atomic_load(&driven_turns);
    ic_peer_release(set.gated);
    await(set.mailbox, call);
    CHECK(call->error.kind == IC_OK && atomic_load(&driven_turns) == before);
    ic_call_release(call);
    tear_down(&set);
}

/* A call that nobody waits for after all is cancelled, and others start it. */
static void test_not_waited_for(void) {
    stage_set set = set_up();
    ic_call *call = start_to_wait(set.mailbox, set.to_gated);
    ic_call_cancel(call);
    await(set.mailbox, call);
    CHECK(call->error.kind == IC_ERR_CANCELLED);
    ic_call_release(call);
    call = start_to_wait(set.mailbox, set.to_quick);
    ic_call *later = start_call(set.mailbox, set.to_quick, "retrieve-a-workflow");
    await(set.mailbox, later);
    await(set.mailbox, call);
    CHECK(call->error.kind == IC_OK && later->error.kind == IC_OK);
    ic_call_release(call);
    ic_call_release(later);
    call = start_to_wait(set.mailbox, set.to_gated);
    ic_call_abandon(call);
    ic_call_release(call);
    tear_down(&set);
}

static void *cancel(void *argument) {
    ic_call_cancel(argument);
    return NULL;
}

static void test_cancel_by_other(void) {
    stage_set set = set_up();
    pthread_t thread;
    ic_call *call = start_to_wait(set.mailbox, set.to_gated);
    pthread_create(&thread, NULL, cancel, call);
    wait_for(call);
    pthread_join(thread, NULL);
    CHECK(call->error.kind == IC_ERR_CANCELLED);
    ic_call_release(call);
    tear_down(&set);
}

static volatile sig_atomic_t signals;

static void count_signal(int number) {
    (void)number;
    signals++;
}

static void *send_signal(void *argument) {
    meanwhile *scene = argument;
    ic_peer_await(scene->set->gated, 1);
    pthread_kill(scene->driver, SIGUSR1);
    return NULL;
}

/* Whether a signal has ended the wait of a thread that drives. It may come just before the wait begins. */
static bool signal_ends_wait(void) {
    stage_set set = set_up();
    meanwhile scene = {.set = &set, .driver = pthread_self()};
    pthread_t thread;
    ic_call *call = start_to_wait(set.mailbox, set.to_gated);
    pthread_create(&thread, NULL, send_signal, &scene);
    double began = ic_now();
    int before = atomic_load(&driven_turns);
    ic_engine_wait(call, 10);
    bool early = !ic_call_done(call) && ic_now() - began < 10 && atomic_load(&driven_turns) > before;
    pthread_join(thread, NULL);
    ic_peer_release(set.gated);
    await(set.mailbox, call);
    CHECK(call->error.kind == IC_OK);
    ic_call_release(call);
    tear_down(&set);
    return early;
}

/* A signal ends the wait early, as it ends that of a thread that does not drive. It is sent until one has. */
static void test_signal(void) {
    bool early = false;
    signal(SIGUSR1, count_signal);
    for (int tries = 12; tries > 0 && !early; tries--)
        early = signal_ends_wait();
    CHECK(early && signals > 0);
}

/* A peer that has closed its end does not raise SIGPIPE in a thread of the host. */
static void test_broken_connection(void) {
    stage_set set = set_up();
    ic_peer *closing = ic_peer_new();
    ic_peer_add_script(closing);
    ic_peer_add_step(closing, "read", NULL, 0, -1);
    ic_peer_add_step(closing, "answer", NULL, 0, -1);
    ic_peer_add_step(closing, "reset", NULL, 0, -1);
    ic_peer_add_answer(closing, good, strlen(good));
    CHECK(ic_peer_start(closing) == NULL);
    signal(SIGPIPE, SIG_DFL);
    ic_connection *connection = connect_to(closing, true);
    connection->settings.watched = false;
    connection->settings.max_retries = 0;
    for (int i = 0; i < 20; i++) {
        ic_call *call = start_to_wait(set.mailbox, connection);
        wait_for(call);
        CHECK(ic_call_done(call));
        ic_call_release(call);
    }
    ic_connection_release(connection);
    ic_peer_free(closing);
    tear_down(&set);
}

int main(void) {
    limit_seconds(200);
    starter = pthread_self();
    CHECK(ic_process_prepare());
    STAGE(test_in_turn);
    STAGE(test_other_thread);
    STAGE(test_hand_over);
    STAGE(test_not_waited_for);
    STAGE(test_cancel_by_other);
    STAGE(test_signal);
    STAGE(test_broken_connection);
    return check_done("engine_drive");
}
