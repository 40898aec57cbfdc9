/* The engine's thread: its start and end, its inbox of commands, and the loop. */
#include "core/engine/engine.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "core/base/process.h"
#include "core/engine/engine_parts.h"
#include "core/engine/engine_work.h"
#include "core/engine/flow.h"
#include "core/engine/shared.h"
#include "core/engine/socket.h"
#include "core/engine/socket_path.h"
#include "core/engine/stats.h"
#include "core/engine/store_worker.h"
#include "core/engine/token_queue.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define REFRESH_PATIENCE 30.0   /* seconds */
#define TURN_PATIENCE    0.0002 /* seconds, before the engine's thread is woken: see engine_take_turn */

/* Held by the thread that runs the engine: its own, or one that drives. The engine's thread, if there is one,
 * holds it unless it rests. Taken before the process lock. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by `turn`. */
static double rests_until; /* ic_now's seconds: when the engine's thread wakes up by itself */
/* The thread that drives, while `driven`. */
static pthread_t driver;
static atomic_bool driven;
/* Whether the engine's thread gives the turn away when its calls are done. */
static atomic_bool restful;

/* Guarded by the process lock. */
static struct {
    ic_engine *engine; /* NULL: not running */
    bool has_thread;   /* an engine that was only driven has none */
    bool refused;      /* no thread could be started, the last time that one was needed */
    pthread_t thread;
    bool driving; /* a thread drives, and looks at `news` before it gives the turn back */
    bool stopping, exiting;
    bool news; /* there is something for the engine to do, besides calls whose starter is about to drive */
    ic_call *first, *last; /* the inbox: calls with commands; each is retained */
    bool has_wakeup;
    int wakeup[2]; /* ic_open_notify; opened with the first engine and never closed, because other threads use
                      it without the lock */
} process;
/* The engine is about to wait, or waits. Others set it to false, and then wake the engine. */
static atomic_bool asleep;
/* An engine that is not used any more and cannot be freed. Kept reachable for leak checkers. */
static ic_engine *volatile abandoned;

/* After a change under the process lock, which is not held any more. The engine looks at what has changed
 * after it has set `asleep` and before it waits, so no change is missed. */
static void engine_wake(void) {
    if (atomic_exchange(&asleep, false)) ic_notify(process.wakeup[1]);
}

/* ---- the engine's thread ---- */

static void engine_obey(ic_engine *engine, ic_call *call) {
    unsigned commands = atomic_exchange(&call->commands, 0);
    if (commands & IC_COMMAND_START) ic_flow_start(engine, call);
    if (commands & IC_COMMAND_RESUME) ic_flow_resume(engine, call);
    if (commands & IC_COMMAND_EXPECT) ic_store_worker_expect(engine, call);
    if (commands & IC_COMMAND_ANSWER) ic_store_worker_answered(engine, call);
    if (commands & IC_COMMAND_ABANDON) ic_flow_abandon(engine, call);
    if (commands & IC_COMMAND_CANCEL) ic_flow_cancel(engine, call);
}

/* Carries out the commands in the inbox. False: the engine must stop; for its own thread, no more commands
 * will come then, and for one that drives, nothing was done. */
static bool engine_read_inbox(ic_engine *engine, bool drives) {
    ic_process_lock();
    bool stopping = process.stopping || process.engine != engine;
    if (stopping && drives) {
        ic_process_unlock();
        return false;
    }
    ic_call *call = process.first;
    process.first = process.last = NULL;
    process.news = false;
    if (stopping) process.engine = NULL;
    ic_process_unlock();
    while (call) {
        ic_call *next = call->next_command;
        engine->more_to_start = next != NULL;
        engine_obey(engine, call);
        ic_call_release(call);
        call = next;
    }
    return !stopping;
}

/* Whether something has come since engine_read_inbox. */
static bool engine_has_news(const ic_engine *engine) {
    ic_process_lock();
    bool any = process.engine == engine && (process.news || process.stopping);
    ic_process_unlock();
    return any;
}

/* Waits in curl_multi_poll for libcurl's sockets, those of the socket's clients, and engine_wake, `wait`
 * milliseconds at most. False: nothing came before that time; a signal may have interrupted the wait. */
static bool engine_sleep(ic_engine *engine, int wait) {
    unsigned count = 1;
    int found = 0;
    long left = -1; /* until libcurl wants to be called */
    engine->wakeup = (struct curl_waitfd){.fd = process.wakeup[0], .events = CURL_WAIT_POLLIN};
    struct curl_waitfd *polled = ic_socket_watch(engine, &engine->wakeup, &count, &wait);
    polled = ic_shared_watch(engine, polled, &count, &wait);
    curl_multi_timeout(engine->multi, &left);
    if (left >= 0 && left < wait) wait = (int)left;
    atomic_store(&asleep, true);
    if (engine_has_news(engine)) wait = 0;
    double until = ic_now() + wait / 1000.0 - 0.001;
    curl_multi_poll(engine->multi, polled, count, wait, &found);
    atomic_store(&asleep, false);
    if (polled[0].revents) ic_notify_clear(polled[0].fd);
    /* A stop may also have come before `until` was known. */
    double now = ic_engine_note_run(engine, engine->ran + wait / 1000.0);
    return found > 0 || now >= until;
}

/* Lets another thread drive until there is something that only the engine's thread does, or `wait`
 * milliseconds have passed. */
static void engine_rest(ic_engine *engine, int wait) {
    struct pollfd polled = {.fd = process.wakeup[0], .events = POLLIN};
    atomic_store(&asleep, true);
    if (engine_has_news(engine)) wait = 0;
    rests_until = ic_now() + wait / 1000.0;
    engine->rests = true;
    pthread_mutex_unlock(&turn);
    poll(&polled, 1, wait);
    pthread_mutex_lock(&turn);
    engine->rests = false;
    engine->ran = ic_now();
    atomic_store(&asleep, false);
    if (polled.revents) ic_notify_clear(polled.fd);
}

/* One turn of the loop: serves what is due, then waits for sockets, timers and commands, `most` milliseconds
 * at most. */
static void engine_turn(ic_engine *engine, int most) {
    int wait = ic_engine_work(engine, most);
    atomic_store(&restful, ic_engine_is_restful(engine));
    if (ic_engine_is_idle(engine))
        engine_rest(engine, wait);
    else
        engine_sleep(engine, wait);
}

/* A refresh token can be used once. Without the answer, which brings the next one, a person would have to log
 * in again. So the engine waits for it and saves it even when the process is ending. */
static void engine_finish_refreshes(ic_engine *engine) {
    double until = ic_now() + REFRESH_PATIENCE;
    engine->ending = true;
    while (ic_token_queue_is_refreshing(engine) && ic_now() < until)
        engine_turn(engine, 100);
    ic_token_queue_save_last(engine);
    while (ic_token_queue_is_refreshing(engine) && ic_now() < until)
        engine_turn(engine, 100);
}

/* The last thing that is done with an engine that is not the current one any more. */
static void engine_end(ic_engine *engine, locale_t before) {
    engine_finish_refreshes(engine);
    while (engine->live)
        ic_flow_cancel(engine, engine->live);
    uselocale(before);
    ic_engine_parts_free(engine);
}

/* Called when the thread is ended from outside (by pthread_cancel, or by pthread_exit in a function that
 * libcurl called). All calls fail, and the next one starts another engine. What this one held is not freed,
 * because it may be half changed. */
static void engine_die(void *argument) {
    ic_engine *engine = argument;
    if (engine->rests) pthread_mutex_lock(&turn); /* another thread may drive */
    ic_process_lock();
    ic_call *call = process.first;
    ic_stats_forget_gauges(); /* before another engine starts */
    process.engine = NULL;
    process.has_thread = false;
    process.first = process.last = NULL;
    abandoned = engine;
    ic_process_unlock();
    pthread_detach(pthread_self());
    for (ic_call *next; call; call = next) {
        next = call->next_command;
        if (atomic_exchange(&call->commands, 0) & IC_COMMAND_START) ic_flow_register(engine, call);
        ic_call_release(call);
    }
    ic_flow_fail_all(engine);
    ic_socket_close(engine);
    pthread_mutex_unlock(&turn);
}

static void *engine_run(void *argument) {
    ic_engine *engine = argument;
    pthread_mutex_lock(&turn); /* first of all: an exit may have freed the engine (engine_end_here) */
    if (engine->plain) uselocale(engine->plain);
    engine->ran = ic_now();
    pthread_cleanup_push(engine_die, engine);
    while (engine_read_inbox(engine, false))
        engine_turn(engine, IC_LONGEST_WAIT);
    engine_end(engine, LC_GLOBAL_LOCALE);
    pthread_cleanup_pop(0);
    pthread_mutex_unlock(&turn);
    return NULL;
}

/* Blocks every signal in the new thread: signals belong to the host. The process lock is held. Returns an
 * errno. */
static int engine_start_thread(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&process.thread, NULL, engine_run, process.engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    process.has_thread = !failed;
    return failed;
}

/* Starts the engine's thread, if the engine runs and nobody runs it. Where that fails, those who wait run it
 * (`refused`). The process lock is held. Returns an errno. */
static int engine_need_thread(void) {
    if (!process.engine || process.has_thread || process.driving || process.stopping) return 0;
    int failed = engine_start_thread();
    process.refused = failed != 0;
    return failed;
}

/* ---- a thread that waits, instead of the engine's thread ---- */

/* Called before the turn is given back: wakes or starts the engine's thread if there is something left to do.
 */
static void engine_hand_over(ic_engine *engine) {
    const ic_timer *timer = ic_timers_first(&engine->timers);
    bool sooner = timer && timer->at < rests_until - 0.002; /* it rests for whole milliseconds */
    atomic_store(&asleep, true);
    ic_process_lock();
    bool news = process.engine == engine && (process.news || process.stopping);
    process.driving = false;
    bool has_thread = process.has_thread;
    if (!has_thread && (news || !ic_engine_is_finished(engine))) engine_need_thread();
    ic_process_unlock();
    if (has_thread && (news || sooner || !ic_engine_is_idle(engine))) engine_wake();
}

/* Runs the engine until the mailbox holds something, `seconds` at most, or until there is something that only
 * the engine's thread may do, unless that was refused. */
static void engine_run_for(ic_engine *engine, ic_mailbox *mailbox, double seconds, bool refused) {
    engine->ran = ic_now();
    double until = engine->ran + seconds;
    while (engine_read_inbox(engine, true)) {
        int wait = ic_engine_work(engine, IC_LONGEST_WAIT);
        double left = ceil((until - ic_now()) * 1000);
        bool others = !refused && (engine->socket || engine->shared);
        if (!ic_mailbox_is_empty(mailbox) || left <= 0 || others) break;
        if (!engine_sleep(engine, wait < left ? wait : (int)left)) break;
    }
    engine_hand_over(engine);
}

/* After its last call the engine's thread is busy for a moment. Waiting for the turn that long is cheaper
 * than waking that thread. A yield may take long on a busy machine, so the limit is a time and not a number
 * of tries. */
static bool engine_take_turn(void) {
    bool soon = atomic_load(&restful) && !ic_stats_gauge(IC_GAUGE_PENDING);
    double until = soon ? ic_now() + TURN_PATIENCE : 0;
    for (;;) {
        if (pthread_mutex_trylock(&turn) == 0) return true;
        if (ic_now() >= until) return false;
        sched_yield();
    }
}

/* False: the turn was not free. */
static bool engine_drive(ic_mailbox *mailbox, double seconds) {
    if (!engine_take_turn()) return false;
    ic_process_lock();
    ic_engine *engine = process.stopping ? NULL : process.engine;
    bool drives = engine && (!process.has_thread || ic_engine_is_idle(engine)), refused = process.refused;
    process.driving = drives;
    ic_process_unlock();
    if (drives) {
        locale_t before = engine->plain ? uselocale(engine->plain) : (locale_t)0;
        driver = pthread_self();
        atomic_store(&driven, true);
        engine_run_for(engine, mailbox, seconds, refused);
        atomic_store(&driven, false);
        if (before) uselocale(before);
    }
    pthread_mutex_unlock(&turn);
    return drives;
}

/* At exit: ends an engine that has nothing to do instead of its thread. To wake that thread and to join
 * it takes long on a busy machine. It then waits for the turn, which is kept, until the process has ended. An
 * engine without a thread ends here whatever it has to do. False: the thread must end the engine. */
static bool engine_end_here(bool has_thread, pthread_t thread) {
    if (!has_thread)
        pthread_mutex_lock(&turn); /* one that drives gives it back now */
    else if (!engine_take_turn())
        return false;
    ic_process_lock();
    ic_engine *engine = process.engine;
    ic_process_unlock();
    if (!engine || (has_thread && !ic_engine_is_idle(engine))) {
        pthread_mutex_unlock(&turn);
        return !has_thread;
    }
    locale_t before = engine->plain ? uselocale(engine->plain) : (locale_t)0;
    engine->ran = ic_now();
    engine_read_inbox(engine, false);
    engine_end(engine, before);
    if (has_thread) pthread_detach(thread);
    return true;
}

void ic_engine_wake(void) {
    ic_process_lock();
    process.news = true;
    engine_need_thread();
    ic_process_unlock();
    engine_wake();
}

void ic_engine_wait(ic_call *call, double seconds) {
    bool awaited = call->awaited;
    call->awaited = false;
    ic_process_lock();
    bool drives = !process.has_thread || (awaited && !call->connection->shared.name);
    ic_process_unlock();
    if (drives && engine_drive(call->mailbox, seconds)) return;
    if (awaited) ic_engine_wake();
    ic_mailbox_wait(call->mailbox, seconds);
}

void ic_engine_wait_any(ic_mailbox *mailbox, double seconds) {
    ic_process_lock();
    bool drives = process.refused;
    ic_process_unlock();
    if (!drives || !engine_drive(mailbox, seconds)) ic_mailbox_wait(mailbox, seconds);
}

/* ---- from any thread ---- */

/* Opens the descriptor that wakes the engine, without the process lock. */
static bool engine_open_wakeup(ic_error *error) {
    int ends[2];
    ic_process_lock();
    bool has = process.has_wakeup;
    ic_process_unlock();
    if (has) return true;
    if (ic_open_notify(ends) != 0) {
        ic_error_set(error, IC_ERR_IO, "cannot open a descriptor: %s", strerror(errno));
        return false;
    }
    bool registered = ic_process_register(ends[0]) && (ends[1] == ends[0] || ic_process_register(ends[1]));
    ic_process_lock();
    bool kept = registered && !process.has_wakeup;
    if (kept) {
        process.has_wakeup = true;
        memcpy(process.wakeup, ends, sizeof ends);
    }
    ic_process_unlock();
    if (kept) return true;
    for (int i = 0; i < 2; i++)
        ic_process_unregister(ends[i]);
    close(ends[0]);
    if (ends[1] != ends[0]) close(ends[1]);
    if (!registered) ic_error_memory(error);
    return registered; /* another thread was faster */
}

/* The process lock is held. */
static void engine_start(bool in_time, ic_error *error) {
    if (!in_time || process.exiting) {
        ic_error_set(error, IC_ERR_CANCELLED, "the process is exiting");
        return;
    }
    ic_engine *engine = ic_engine_parts_new(ic_engine_wake);
    if (!engine) {
        ic_error_memory(error);
        return;
    }
    process.stopping = process.has_thread = process.refused = false;
    atomic_store(&restful, engine->drivable);
    process.engine = engine;
}

/* In a forked child, where the thread does not exist. What the engine holds is not touched: the thread may
 * have been changing it. */
static void engine_forget(void) {
    abandoned = process.engine;
    memset(&process, 0, sizeof process);
    pthread_mutex_init(&turn, NULL);
    atomic_store(&driven, false);
    atomic_store(&restful, false);
    atomic_store(&asleep, false);
    ic_stats_reset();
}

/* The process lock is held. */
static void engine_add_to_inbox(ic_call *call) {
    ic_call_retain(call);
    call->next_command = NULL;
    if (process.last)
        process.last->next_command = call;
    else
        process.first = call;
    process.last = call;
}

bool ic_engine_command(ic_call *call, unsigned commands, ic_error *error) {
    static ic_process_hooks hooks = {.at_exit = ic_engine_stop, .in_child = engine_forget};
    bool starting = commands & IC_COMMAND_START;
    bool quiet = starting && call->awaited && !call->connection->shared.name;
    if (starting && !ic_process_prepare()) {
        ic_error_set(error, IC_ERR_IO, "libcurl cannot be initialised");
        return false;
    }
    ic_process_lock();
    if (!process.engine && starting) {
        ic_process_unlock();
        bool in_time = ic_process_add_hooks(&hooks), woken = engine_open_wakeup(error);
        ic_process_lock();
        if (woken && !process.engine) engine_start(in_time, error);
    }
    bool running = process.engine != NULL;
    quiet = running && quiet && process.engine->drivable;
    int failed = running && !quiet ? engine_need_thread() : 0;
    if (failed && starting) {
        ic_error_set(error, IC_ERR_IO, "cannot start a thread: %s", strerror(failed));
        running = false;
    }
    if (running) {
        if (atomic_fetch_or(&call->commands, commands) == 0) engine_add_to_inbox(call);
        process.news = process.news || !quiet;
    }
    ic_process_unlock();
    if (running && !quiet) engine_wake();
    return running;
}

void ic_engine_stop(void) {
    ic_process_lock();
    ic_engine *engine = process.engine;
    process.exiting = process.stopping = true;
    bool has_thread = process.has_thread;
    pthread_t thread = process.thread;
    ic_process_unlock();
    /* A signal's handler that calls exit may have interrupted the drive: the engine's thread then waits for
     * the turn until the process has ended. */
    bool in_drive = atomic_load(&driven) && pthread_equal(driver, pthread_self());
    if (engine && !has_thread) engine_wake();
    if (engine && !in_drive && !engine_end_here(has_thread, thread)) {
        engine_wake();
        pthread_join(thread, NULL);
    }
    ic_socket_remove();
}
