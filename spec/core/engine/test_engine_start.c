/* The engine when no thread can be started, as under RLIMIT_NPROC or in a container with few pids. */
#include "spec/core/engine/drive_stage.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

static atomic_bool no_threads; /* for the engine */
static _Thread_local bool makes_calls;

/* The engine blocks all signals in its thread; those of the servers are not the engine's. */
static bool is_for_engine(void) {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    return makes_calls && sigismember(&blocked, SIGTERM) == 1;
}

/* Stands before the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument) {
    typedef int creator(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    creator *real;
    if (atomic_load(&no_threads) && is_for_engine()) return EAGAIN;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attributes, run, argument);
}

/* Descriptors that a program executed by this process would have. */
static int count_inherited(void) {
    int count = 0;
    for (int i = 0; i < 1024; i++) {
        int flags = fcntl(i, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

/* A call that is waited for goes on without a thread, also when a wait is over before it. */
static void test_driven(void) {
    stage_set set = set_up();
    atomic_store(&no_threads, true);
    ic_call *call = start_to_wait(set.mailbox, set.to_gated);
    ic_engine_wait(call, 0.05);
    CHECK(!ic_call_done(call));
    CHECK(ic_peer_await(set.gated, 1) == 1);
    ic_engine_wait(call, 0.05);
    CHECK(!ic_call_done(call));
    ic_peer_release(set.gated);
    wait_for(call);
    CHECK(call->error.kind == IC_OK);
    ic_call_release(call);
    call = start_to_wait(set.mailbox, set.to_gated);
    ic_call_cancel(call);
    wait_for(call);
    CHECK(call->error.kind == IC_ERR_CANCELLED);
    ic_call_release(call);
    atomic_store(&no_threads, false);
    tear_down(&set);
}

/* Starts a call while another thread drives, and waits for all that comes. */
static void *start_meanwhile(void *argument) {
    meanwhile *scene = argument;
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_error error = {0};
    makes_calls = true;
    ic_peer_await(scene->set->gated, 1);
    ic_call *call = ic_call_new(mailbox, scene->set->to_quick);
    call->purpose = IC_PURPOSE_SLEEP;
    call->sleep_seconds = 0.3;
    scene->good = ic_call_start(call, &error);
    ic_peer_release(scene->set->gated);
    while (!ic_call_done(call)) {
        ic_engine_wait_any(mailbox, 0.1);
        take_all(mailbox);
    }
    ic_call_release(call);
    end_mailbox(mailbox);
    return NULL;
}

/* A call that was started because another thread drove goes on after that one has ended. */
static void test_left_alone(void) {
    stage_set set = set_up();
    meanwhile scene = {.set = &set};
    ic_call *call;
    atomic_store(&no_threads, true);
    drive_while(&scene, start_meanwhile, &call);
    CHECK(scene.good && call->error.kind == IC_OK);
    ic_call_release(call);
    atomic_store(&no_threads, false);
    tear_down(&set);
}

/* The first calls that nobody waits for fail with an error of kind IO, and one later succeeds. */
static void test_no_thread(void) {
    const char *answers[] = {good};
    ic_peer *peer = start_server(answers, 1);
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_connection *connection = connect_to(peer, true);
    atomic_store(&no_threads, true);
    for (int i = 0; i < 3; i++) { /* the engine is there already */
        ic_error error = {0};
        ic_call *call = make_call(mailbox, connection, "retrieve-a-workflow");
        long before = ic_alloc_live();
        CHECK(!ic_call_start(call, &error));
        CHECK(error.kind == IC_ERR_IO);
        CHECK(strncmp(ic_error_message(&error), "cannot start a thread", 21) == 0);
        ic_error_clear(&error);
        CHECK(ic_alloc_live() == before);
        ic_call_release(call);
    }
    atomic_store(&no_threads, false);
    int inherited = count_inherited();
    ic_call *call = ic_call_new(mailbox, connection); /* sends nothing: the server opens no descriptor */
    ic_error error = {0};
    call->purpose = IC_PURPOSE_SLEEP;
    CHECK(ic_call_start(call, &error));
    await(mailbox, call);
    CHECK(count_inherited() == inherited);
    ic_call_release(call);
    call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call);
    CHECK(call->error.kind == IC_OK);
    ic_call_release(call);
    ic_connection_release(connection);
    end_mailbox(mailbox);
    ic_peer_free(peer);
}

int main(void) {
    limit_seconds(30);
    starter = pthread_self();
    makes_calls = true;
    STAGE(test_driven);
    STAGE(test_left_alone);
    STAGE(test_no_thread);
    return check_done("engine_start");
}
