/* A thread that waits for its call runs the engine meanwhile: what fork, exit and the end of the engine do
 * then. Run under a thread sanitizer too. */
#include "core/engine/stats.h"
#include "spec/core/engine/drive_stage.h"
#include <dirent.h>
#include <sys/wait.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

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
        start_call(set.mailbox, set.to_gated, "retrieve-a-workflow");
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

static void start_thread(ic_connection *connection) {
    ic_mailbox *mailbox = ic_call_mailbox_new(NULL);
    ic_call *call = start_call(mailbox, connection, "retrieve-a-workflow");
    await(mailbox, call);
    ic_call_release(call);
    end_mailbox(mailbox);
}

/* Whether a child that has made its calls ends its engine, and has so many threads then. */
static bool ends_with(int threads, ic_connection *connection) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(30);
        if (threads == 2) start_thread(connection);
        leave(child_works(connection) && count_threads() == threads);
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
        alone = ends_with(2, set.to_quick);
    CHECK(alone);
    tear_down(&set);
}

/* Calls that are waited for, one after the other, start no thread. */
static void test_no_thread(void) {
    stage_set set = set_up();
    CHECK(ends_with(1, set.to_quick));
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
    /* A wrong end would end the call, too. A number of yields would be no limit: on a busy machine each of
     * them takes many milliseconds. */
    for (double until = ic_now() + 0.2; ic_now() < until && !ic_call_done(scene->call);)
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
        usleep(1000); /* the thread that ends gets the turn: otherwise this one may always be the first */
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
#if CHILDREN
    STAGE(test_fork);
    STAGE(test_exit_in_handler);
#ifdef __linux__
    STAGE(test_exit_at_rest);
    STAGE(test_no_thread);
#endif
    STAGE(test_ended_at_rest);
#endif
    STAGE(test_stop);
    return check_done("engine_drive_end");
}
