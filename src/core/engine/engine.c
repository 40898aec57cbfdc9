#include "core/engine/engine.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/engine/flow.h"
#include "core/engine/queues.h"
#include "core/engine/socket.h"
#include "core/engine/socket_path.h"
#include "core/engine/store_worker.h"
#include "core/engine/token_queue.h"
#include "core/engine/transfer.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define LONGEST_WAIT     (3600 * 1000) /* milliseconds */
#define REFRESH_PATIENCE 30.0          /* seconds */

/* Guarded by the gate. */
static struct {
    ic_engine *engine; /* NULL: not running */
    pthread_t thread;
    bool stopping, exiting;
    ic_call *first, *last; /* the inbox: calls with commands */
} life;
/* What a forked child no longer uses, kept reachable for leak checkers. */
static ic_engine *volatile forgotten;

static void *run(void *argument);
static void free_engine(ic_engine *engine);
static void forget(void);

static ic_process_hooks hooks = {.at_exit = ic_engine_stop, .in_child = forget};

static ic_engine *new_engine(void) {
    ic_engine *engine = ic_calloc(1, sizeof *engine);
    if (!engine) return NULL;
    engine->multi = curl_multi_init();
    if (engine->multi) return engine;
    ic_free(engine);
    return NULL;
}

/* With every signal blocked: they are the host's. */
static int start_thread(ic_engine *engine) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&life.thread, NULL, run, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* The gate is held. */
static bool start(bool in_time, ic_error *error) {
    if (!in_time || life.exiting) {
        ic_error_set(error, IC_ERR_CANCELLED, "the process is exiting");
        return false;
    }
    ic_engine *engine = new_engine();
    if (!engine) {
        ic_error_memory(error);
        return false;
    }
    life.stopping = false;
    int failed = start_thread(engine);
    if (failed) {
        ic_error_set(error, IC_ERR_IO, "cannot start a thread: %s", strerror(failed));
        free_engine(engine);
        return false;
    }
    life.engine = engine;
    return true;
}

bool ic_engine_command(ic_call *call, unsigned commands, ic_error *error) {
    bool starting = commands & IC_COMMAND_START;
    if (starting && !ic_process_prepare()) {
        ic_error_set(error, IC_ERR_IO, "libcurl cannot be initialised");
        return false;
    }
    bool in_time = !starting || ic_process_add_hooks(&hooks);
    ic_gate_lock();
    bool running = life.engine || (starting && start(in_time, error));
    if (running) {
        if (atomic_fetch_or(&call->commands, commands) == 0) {
            ic_call_retain(call);
            call->next_command = NULL;
            if (life.last)
                life.last->next_command = call;
            else
                life.first = call;
            life.last = call;
        }
        curl_multi_wakeup(life.engine->multi);
    }
    ic_gate_unlock();
    return running;
}

void ic_engine_wake(void) {
    ic_gate_lock();
    if (life.engine) curl_multi_wakeup(life.engine->multi);
    ic_gate_unlock();
}

void ic_engine_stop(void) {
    ic_gate_lock();
    ic_engine *engine = life.engine;
    life.exiting = life.stopping = true;
    if (engine) curl_multi_wakeup(engine->multi);
    pthread_t thread = life.thread;
    ic_gate_unlock();
    if (engine) pthread_join(thread, NULL);
    ic_socket_remove();
}

/* In a forked child: drops the inherited engine without touching what it holds. */
static void forget(void) {
    forgotten = life.engine;
    memset(&life, 0, sizeof life);
}

static void obey(ic_engine *engine, ic_call *call) {
    unsigned commands = atomic_exchange(&call->commands, 0);
    if (commands & IC_COMMAND_START) ic_flow_start(engine, call);
    if (commands & IC_COMMAND_RESUME) ic_flow_resume(engine, call);
    if (commands & IC_COMMAND_ANSWER) ic_store_worker_answered(engine, call);
    if (commands & IC_COMMAND_ABANDON) ic_flow_abandon(engine, call);
    if (commands & IC_COMMAND_CANCEL) ic_flow_cancel(engine, call);
}

/* False when the engine is to stop: whatever is in the inbox then has been obeyed, and nothing follows. */
static bool read_inbox(ic_engine *engine) {
    ic_gate_lock();
    ic_call *call = life.first;
    life.first = life.last = NULL;
    bool stopping = life.stopping;
    if (stopping) life.engine = NULL;
    ic_gate_unlock();
    while (call) {
        ic_call *next = call->next_command;
        obey(engine, call);
        ic_call_release(call);
        call = next;
    }
    return !stopping;
}

static void read_ended(ic_engine *engine) {
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(engine->multi, &left));) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result;
        ic_flow_attempt_ended(engine, ic_transfer_call(message->easy_handle), code);
    }
}

/* Milliseconds to the next timer; libcurl adds its own limits. */
static int patience(const ic_engine *engine) {
    const ic_timer *timer = ic_timers_first(&engine->timers);
    if (!timer) return LONGEST_WAIT;
    return (int)ceil(fmax(0, fmin((timer->at - ic_now()) * 1000, LONGEST_WAIT)));
}

static void turn(ic_engine *engine, int most) {
    int running, wait;
    unsigned visitors;
    ic_socket_serve(engine);
    ic_flow_fire(engine, ic_now());
    ic_host_queues_serve(engine);
    curl_multi_perform(engine->multi, &running);
    read_ended(engine);
    ic_host_queues_serve(engine);
    wait = patience(engine);
    if (wait > most) wait = most;
    struct curl_waitfd *others = ic_socket_watch(engine, &visitors, &wait);
    curl_multi_poll(engine->multi, others, visitors, wait, NULL);
}

/* A refresh token that has been sent is spent, and nobody could log in again without its successor: that is
 * waited for and saved even when the process is ending. */
static void save_refreshes(ic_engine *engine) {
    double until = ic_now() + REFRESH_PATIENCE;
    engine->ending = true;
    while (ic_token_queue_is_refreshing(engine) && ic_now() < until)
        turn(engine, 100);
    ic_token_queue_save_last(engine);
}

/* The thread is ended from outside (pthread_exit below a library's function, pthread_cancel): those who wait
 * are told, and the next call starts another engine. What this one held is not freed: it may be half changed.
 */
static void die(void *argument) {
    ic_engine *engine = argument;
    ic_gate_lock();
    ic_call *call = life.first;
    life.engine = NULL;
    life.first = life.last = NULL;
    forgotten = engine;
    ic_gate_unlock();
    pthread_detach(pthread_self());
    for (ic_call *next; call; call = next) {
        next = call->next_command;
        if (atomic_exchange(&call->commands, 0) & IC_COMMAND_START) ic_flow_register(engine, call);
        ic_call_release(call);
    }
    ic_flow_fail_all(engine);
    ic_socket_close(engine);
}

static void *run(void *argument) {
    ic_engine *engine = argument;
    pthread_cleanup_push(die, engine);
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain) uselocale(plain);
    while (read_inbox(engine))
        turn(engine, LONGEST_WAIT);
    save_refreshes(engine);
    while (engine->live)
        ic_flow_cancel(engine, engine->live);
    free_engine(engine);
    uselocale(LC_GLOBAL_LOCALE);
    if (plain) freelocale(plain);
    pthread_cleanup_pop(0);
    return NULL;
}

static void free_engine(ic_engine *engine) {
    ic_queues_free(engine);
    ic_token_queue_free(engine);
    ic_socket_close(engine);
    curl_multi_cleanup(engine->multi);
    ic_timers_free(&engine->timers);
    ic_free(engine);
}
