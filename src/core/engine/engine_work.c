#include "core/engine/engine_work.h"
#include "core/base/clock.h"
#include "core/engine/clients.h"
#include "core/engine/flow.h"
#include "core/engine/queues.h"
#include "core/engine/shared.h"
#include "core/engine/socket.h"
#include "core/engine/transfer.h"
#include <math.h>

#define TRANSFER_WAIT 100 /* milliseconds, while a transfer is under way: see work_perform */
#define STOPPED       1.0 /* seconds: the process did not run meanwhile (ic_engine_note_run) */

/* Whether an attempt over HTTP/2 has ended. */
static bool work_read_ended(ic_engine *engine) {
    int left;
    bool any = false;
    long version = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(engine->multi, &left));) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_HTTP_VERSION, &version);
        ic_flow_attempt_ended(engine, ic_transfer_call(message->easy_handle), code);
        any = any || version == CURL_HTTP_VERSION_2_0;
    }
    return any;
}

/* Lets libcurl work; returns the number of transfers under way. When a transfer ends, libcurl 7.88 can forget
 * that bytes it has already read wait for another stream of the same HTTP/2 connection. No socket becomes
 * readable for them, so libcurl is called again at once, unless no call is left. */
static int work_perform(ic_engine *engine) {
    int running = 0;
    do {
        ic_host_queues_serve(engine);
        curl_multi_perform(engine->multi, &running);
    } while (work_read_ended(engine) && engine->live);
    ic_host_queues_serve(engine);
    return running;
}

/* Fires the timers that are due, of calls and of others. */
static void work_fire(ic_engine *engine, double now) {
    for (ic_timer *timer; (timer = ic_timers_first(&engine->timers)) && timer->at <= now;) {
        ic_timer_unset(&engine->timers, timer);
        timer->fire(engine, timer->owner, now);
    }
}

/* Milliseconds to the next timer; libcurl adds its own limits. */
static int work_patience(const ic_engine *engine) {
    const ic_timer *timer = ic_timers_first(&engine->timers);
    if (!timer) return IC_LONGEST_WAIT;
    return (int)ceil(fmax(0, fmin((timer->at - ic_now()) * 1000, IC_LONGEST_WAIT)));
}

int ic_engine_work(ic_engine *engine, int most) {
    double now = ic_engine_note_run(engine, engine->ran);
    ic_shared_serve(engine);
    ic_socket_serve(engine);
    work_fire(engine, now);
    ic_clients_tidy(engine, now);
    if (work_perform(engine) && most > TRANSFER_WAIT) most = TRANSFER_WAIT;
    int wait = work_patience(engine);
    return wait < most ? wait : most;
}

double ic_engine_note_run(ic_engine *engine, double expected) {
    double now = ic_now();
    if (now > expected + STOPPED) ic_flow_process_stopped(engine, now);
    engine->ran = now;
    return now;
}

bool ic_engine_is_restful(const ic_engine *engine) {
    return engine->drivable && !engine->socket && !engine->shared && !engine->ending;
}

/* Since 8.9 libcurl ends connections in the background: over TLS it waits for the server's close_notify.
 * Their sockets are the only ones that it waits for when no call is under way. */
static bool work_closes(const ic_engine *engine) {
    unsigned count = 0;
#if IC_CLOSES_ARE_KNOWN
    curl_multi_waitfds(engine->multi, NULL, 0, &count);
#else
    (void)engine;
#endif
    return count > 0;
}

bool ic_engine_is_idle(const ic_engine *engine) {
    return ic_engine_is_restful(engine) && !engine->live && !work_closes(engine);
}

bool ic_engine_is_finished(const ic_engine *engine) {
    size_t tidying = engine->tidy_timer.index ? 1 : 0;
    return ic_engine_is_idle(engine) && engine->timers.count == tidying;
}
