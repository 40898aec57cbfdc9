/* A thread that waits for its call runs the engine meanwhile: it and other threads, signals, fork and exit.
 * Run under a thread sanitizer too. */
#include "core/engine/stats.h"
#include "spec/core/engine/driven_turns.h"
#include "spec/core/engine/engine_trial.h"
#include <curl/curl.h>
#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

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

/* Calls in turn: after the first, for which the engine's thread may still be starting, this thread drives.
 * That thread may have its turn now and then, for its timers. */
static void test_in_turn(void) {
    stage_set set = set_up();
    for (int i = 0; i < 50; i++) {
        ic_call *call = start_to_wait(set.mailbox, set.to_quick);
        wait_for(call);
        CHECK(call->error.kind == IC_OK);
        ic_call_release(call);
    }
    CHECK(atomic_load(&driven_turns) > 25);
    tear_down(&set);
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

static void drive_while(meanwhile *scene, void *(*act)(void *), ic_call **call) {
    pthread_t thread;
    scene->driver = pthread_self();
    *call = scene->call = start_to_wait(scene->set->mailbox, scene->set->to_gated);
    pthread_create(&thread, NULL, act, scene);
    wait_for(*call);
    pthread_join(thread, NULL);
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

/* A signal ends the wait early, as it ends that of a thread that does not drive. It may come just before the
 * wait begins; so it is sent until one has ended a wait. */
static void test_signal(void) {
    stage_set set = set_up();
    signal(SIGUSR1, count_signal);
    bool early = false;
    for (int i = 0; i < 5 && !early; i++) {
        meanwhile scene = {.set = &set, .driver = pthread_self()};
        pthread_t thread;
        ic_call *call = start_to_wait(set.mailbox, set.to_gated);
        pthread_create(&thread, NULL, send_signal, &scene);
        double began = ic_now();
        int before = atomic_load(&driven_turns);
        ic_engine_wait(call, 2);
        early = !ic_call_done(call) && ic_now() - began < 2 && atomic_load(&driven_turns) > before;
        pthread_join(thread, NULL);
        ic_peer_release(set.gated);
        await(set.mailbox, call);
        CHECK(call->error.kind == IC_OK);
        ic_call_release(call);
    }
    CHECK(early && signals > 0);
    tear_down(&set);
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

#ifndef __SANITIZE_THREAD__
static atomic_bool holds_thread, thread_begun;
static void *(*held_start)(void *);

static void *held_run(void *argument) {
    while (atomic_load(&holds_thread))
        sched_yield();
    atomic_store(&thread_begun, true);
    return held_start(argument);
}

/* Stands before the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (!atomic_load(&holds_thread)) return real(thread, attributes, start, argument);
    held_start = start;
    return real(thread, attributes, held_run, argument);
}

/* Runs after the engine has been stopped. */
static void let_thread_begin(void) {
    atomic_store(&holds_thread, false);
    while (!atomic_load(&thread_begun))
        sched_yield();
    usleep(20000); /* it may touch what has been freed */
#ifdef __SANITIZE_ADDRESS__
    while (__asan_report_present()) /* it ends the process */
        sched_yield();
#endif
    _exit(0); /* no check for leaks: the server's thread still runs */
}

/* An exit before the engine's thread has begun to run frees the engine, and the thread does not touch it. The
 * first test, because the child of a process with several threads cannot be checked. */
static void test_exit_at_once(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        atexit(let_thread_begin); /* before that of the engine, which so runs first */
        alarm(30);
        stage_set set = set_up();
        atomic_store(&holds_thread, true);
        start_to_wait(set.mailbox, set.to_gated);
        exit(1);
    }
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

/* ThreadSanitizer does not support threads in a child. AddressSanitizer's own lock may be held by another
 * thread during the fork, and nobody in the child releases it. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define CHILDREN 0
#else
#define CHILDREN 1
#endif

#if CHILDREN
/* Ends a child by exec, so that no checker reports the parent's memory in it as a leak. */
static void leave(bool works) {
    const char *verdict = works ? "true" : "false";
    execlp(verdict, verdict, (char *)NULL);
    _exit(1);
}

static bool child_works(ic_connection *connection) {
    bool works = true;
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    for (int i = 0; works && i < 5; i++) {
        ic_call *call = start_to_wait(mailbox, connection);
        wait_for(call);
        works = call->error.kind == IC_OK;
        ic_call_release(call);
    }
    end_mailbox(mailbox);
    ic_engine_stop();
    return works;
}

static bool fork_works(ic_connection *connection) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(30);
        leave(child_works(connection));
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void *fork_and_release(void *argument) {
    meanwhile *scene = argument;
    ic_peer_await(scene->set->gated, 1);
    scene->good = fork_works(scene->set->to_quick);
    ic_peer_release(scene->set->gated);
    return NULL;
}

/* Another thread forks while this one drives, and this one after it has driven. */
static void test_fork(void) {
    stage_set set = set_up();
    meanwhile scene = {.set = &set};
    ic_call *call;
    drive_while(&scene, fork_and_release, &call);
    CHECK(scene.good && call->error.kind == IC_OK);
    ic_call_release(call);
    CHECK(fork_works(set.to_quick));
    tear_down(&set);
}

#define NOT_DRIVEN 7 /* a status: on a busy machine the engine's thread may have kept the turn */

static void exit_now(int number) {
    (void)number;
    exit(atomic_load(&driven_turns) ? 0 : NOT_DRIVEN);
}

/* A child that is ended by a signal while it waits for its call. Returns its status, or -1. */
static int exit_status_in_handler(void) {
    stage_set set = set_up();
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
        signal(SIGALRM, SIG_DFL);
        alarm(30);
        ic_call *call = start_to_wait(mailbox, set.to_quick);
        wait_for(call);
        atomic_store(&driven_turns, 0);
        signal(SIGUSR1, exit_now);
        call = start_to_wait(mailbox, set.to_gated);
        for (;;)
            ic_engine_wait(call, 30);
    }
    ic_peer_await(set.gated, 1);
    kill(child, SIGUSR1);
    waitpid(child, &status, 0);
    tear_down(&set);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A signal's handler that ends the process while its thread drives: the exit does not wait for that thread.
 */
static void test_exit_in_handler(void) {
    int status = NOT_DRIVEN;
    for (int tries = 8; tries > 0 && status == NOT_DRIVEN; tries--)
        status = exit_status_in_handler();
    CHECK(status == 0);
}

#ifdef __linux__
static int count_threads(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    if (!folder) return 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Whether a child that has made its calls ends its engine without the thread, which is still there then. */
static bool ends_alone(ic_connection *connection) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(30);
        leave(child_works(connection) && count_threads() == 2);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* An exit while nothing is under way does not wait until the engine's thread runs. On a busy machine that
 * thread may have the turn. */
static void test_exit_at_rest(void) {
    stage_set set = set_up();
    bool alone = false;
    for (int tries = 20; tries > 0 && !alone; tries--)
        alone = ends_alone(set.to_quick);
    CHECK(alone);
    tear_down(&set);
}
#endif
#endif

/* ThreadSanitizer does not see what a thread locks after it was cancelled in poll, and the memory of engines
 * that were ended is not freed. */
#if CHILDREN
static void *end_engine(void *argument) {
    meanwhile *scene = argument;
    ic_peer_await(scene->set->gated, 1);
    scene->good = atomic_load(&driven_turns) > 0;
    pthread_cancel(atomic_load(&other));
    for (int i = 0; i < 10000 && !ic_call_done(scene->call); i++)
        sched_yield();
    ic_peer_release(scene->set->gated);
    return NULL;
}

/* Whether the call of the thread that drives went on. On a busy machine that thread may have given the engine
 * back before. */
static bool survives_end(stage_set *set) {
    meanwhile scene = {.set = set};
    ic_call *call = start_call(set->mailbox, set->to_quick, "retrieve-a-workflow");
    await(set->mailbox, call);
    ic_call_release(call);
    atomic_store(&driven_turns, 0);
    ic_stats_change(IC_GAUGE_CONNECTED, 1); /* an engine that ends forgets it */
    drive_while(&scene, end_engine, &call);
    bool good = scene.good && call->error.kind == IC_OK;
    ic_call_release(call);
    while (ic_stats_gauge(IC_GAUGE_CONNECTED)) { /* until it ends, the engine takes calls */
        call = start_to_wait(set->mailbox, set->to_quick);
        wait_for(call);
        CHECK(call->error.kind == IC_OK || call->error.kind == IC_ERR_IO);
        ic_call_release(call);
    }
    return good;
}

/* The engine's thread is ended while it rests, and a later call starts another engine. */
static void test_ended_at_rest(void) {
    stage_set set = set_up();
    bool survives = false;
    for (int i = 0; i < 8 && !survives; i++) {
        survives = survives_end(&set);
        tear_down(&set);
        set = set_up();
    }
    CHECK(survives);
    ic_call *call = start_to_wait(set.mailbox, set.to_quick);
    wait_for(call);
    CHECK(call->error.kind == IC_OK);
    ic_call_release(call);
    tear_down(&set);
}
#endif

static void *stop_engine(void *argument) {
    meanwhile *scene = argument;
    ic_peer_await(scene->set->gated, 1);
    ic_engine_stop();
    return NULL;
}

/* Another thread ends the process: the one that drives gives the turn back, and its call is cancelled. */
static void test_stop(void) {
    stage_set set = set_up();
    meanwhile scene = {.set = &set};
    ic_call *call;
    ic_error error = {0};
    drive_while(&scene, stop_engine, &call);
    CHECK(call->error.kind == IC_ERR_CANCELLED);
    ic_call_release(call);
    call = make_call(set.mailbox, set.to_quick, "retrieve-a-workflow");
    call->awaited = true;
    CHECK(!ic_call_start(call, &error) && error.kind == IC_ERR_CANCELLED);
    ic_error_clear(&error);
    ic_call_release(call);
    tear_down(&set);
}

int main(void) {
    limit_seconds(200);
    starter = pthread_self();
#ifndef __SANITIZE_THREAD__
    STAGE(test_exit_at_once);
#endif
    CHECK(ic_process_prepare());
    STAGE(test_in_turn);
    STAGE(test_other_thread);
    STAGE(test_hand_over);
    STAGE(test_not_waited_for);
    STAGE(test_cancel_by_other);
    STAGE(test_signal);
    STAGE(test_broken_connection);
#if CHILDREN
    STAGE(test_fork);
    STAGE(test_exit_in_handler);
#ifdef __linux__
    STAGE(test_exit_at_rest);
#endif
    STAGE(test_ended_at_rest);
#endif
    STAGE(test_stop);
    return check_done("engine_drive");
}
