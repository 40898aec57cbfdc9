/* A call waits for a token, then for a rate-limit permit, then for an in-flight permit. Then it is sent. When
 * the attempt has ended, the call is done, has failed, or begins again. */
#include "core/engine/flow.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/catalog/scopes.h"
#include "core/engine/call_events.h"
#include "core/engine/call_redirect.h"
#include "core/engine/clients.h"
#include "core/engine/list.h"
#include "core/engine/policy.h"
#include "core/engine/queues.h"
#include "core/engine/secrets.h"
#include "core/engine/shared_call.h"
#include "core/engine/token_entry.h"
#include "core/engine/token_queue.h"
#include "core/engine/transfer.h"
#include "core/engine/wait.h"
#include "core/http/attempt_id.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

/* libcurl limits the time of an attempt itself, and its message says more. But it does not limit an
 * attempt that waits for the connection of another one. So the engine ends an attempt this many seconds
 * after its timeout. */
#define GRACE 0.1

/* Seconds in which an answer is read that came while the process was stopped. */
#define CATCH_UP 2.0

/* ---- the end of a call ---- */

/* Whether the call is counted: it is an operation or a request of a script's. */
static bool flow_is_counted(const ic_call *call) {
    return call->mailbox && call->purpose == IC_PURPOSE_NONE;
}

static void flow_count_end(ic_call *call, double now) {
    ic_wait_end(call, now);
    if (!flow_is_counted(call)) return;
    ic_stats_change(IC_GAUGE_PENDING, -1);
    if (call->error.kind != IC_OK) ic_stats_count(IC_COUNT_FAILED);
}

static void flow_finish(ic_engine *engine, ic_call *call) {
    double now = ic_now();
    flow_count_end(call, now);
    ic_list_remove(call);
    ic_queues_leave(call);
    ic_shared_call_leave(call);
    ic_table_remove(&engine->live_by_id, &call->live_node);
    ic_clients_note_end(engine, now);
    if (call->timer_reserved) ic_timers_release(&engine->timers, &call->timer);
    call->state = IC_STATE_DONE;
    call->response.attempts = call->attempts;
    call->response.seconds = now - call->started;
    if (call->mailbox) ic_secrets_redact_buf(call, &call->response.headers);
    if (call->previous_live)
        call->previous_live->next_live = call->next_live;
    else
        engine->live = call->next_live;
    if (call->next_live) call->next_live->previous_live = call->previous_live;
    call->previous_live = call->next_live = NULL;
    if (call->on_done) call->on_done(engine, call);
    atomic_store_explicit(&call->done, true, memory_order_release);
    if (call->mailbox) ic_call_post(call, IC_NOTICE_DONE);
    ic_call_release(call);
}

/* Adds to a PERMISSION error the scopes that the operation needs and the token does not have, if they are
 * known. */
static void flow_name_missing_scopes(ic_call *call) {
    const ic_token *token = ic_token_entry_token(call);
    const char *granted = token ? token->scope : NULL;
    ic_buf text = {0}, missing = {0};
    bool lacks = call->error.kind == IC_ERR_PERMISSION &&
                 ic_scopes_missing(call->request.operation->scopes, granted, &missing);
    const char *names = lacks ? ic_buf_text(&missing) : NULL;
    if (names) {
        ic_buf_printf(&text, "%s; the token lacks %s", ic_error_message(&call->error), names);
        ic_error_restate(&call->error, ic_buf_text(&text));
    }
    ic_buf_free(&text);
    ic_buf_free(&missing);
}

/* Ends the call with the error that it has. */
static void flow_give_up(ic_engine *engine, ic_call *call, ic_outcome outcome, bool retryable) {
    flow_name_missing_scopes(call);
    ic_error_take(&call->error.attempt_id, call->response.attempt_id);
    char *texts[] = {call->error.message, call->error.code, call->error.param, call->error.request_id,
                     call->error.attempt_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ic_secrets_redact(call, texts[i]);
    call->error.outcome = outcome;
    call->error.retryable = retryable;
    if (!call->error.operation) call->error.operation = call->request.operation->id;
    call->error.attempts = call->attempts;
    flow_finish(engine, call);
}

/* The outcome of a call that ends without an answer. A read changes nothing. Anything else may have been
 * carried out if it was sent, now or in an earlier attempt. */
static ic_outcome flow_outcome(const ic_call *call, bool sent) {
    bool changes = !call->request.reads && !call->on_done;
    return changes && (sent || call->earlier_unknown) ? IC_OUTCOME_UNKNOWN : IC_OUTCOME_NOT_DONE;
}

static void flow_note_response(ic_call *call, ic_error_kind failure, double now) {
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_RESPONSE,
                                    .status = call->response.status,
                                    .failure = failure,
                                    .seconds = now - call->attempt_began});
}

/* Ends the attempt under way, if any, and keeps the call's error. */
static void flow_stop(ic_engine *engine, ic_call *call) {
    bool sent = ic_transfer_sent(call);
    if (call->transfer) {
        ic_error found = call->error;
        call->error = (ic_error){.retry_after = -1};
        ic_transfer_end(engine, call, CURLE_ABORTED_BY_CALLBACK);
        ic_error_clear(&call->error);
        call->error = found;
        flow_note_response(call, found.kind, ic_now());
    }
    ic_transfer_free(engine, call);
    ic_permits_release(engine, call, ic_now(), sent ? IC_PERMIT_LOST : IC_PERMIT_UNUSED);
}

static void flow_end_early(ic_engine *engine, ic_call *call, ic_error_kind kind, const char *message) {
    ic_outcome outcome = flow_outcome(call, ic_transfer_sent(call) || ic_shared_call_is_sent(call));
    ic_error_set(&call->error, kind, "%s", message);
    flow_stop(engine, call);
    bool harmless = call->request.repeatable || outcome == IC_OUTCOME_NOT_DONE;
    flow_give_up(engine, call, outcome, kind == IC_ERR_TIMEOUT && harmless);
}

void ic_flow_cancel(ic_engine *engine, ic_call *call) {
    if (call->state != IC_STATE_NEW && call->state != IC_STATE_DONE)
        flow_end_early(engine, call, IC_ERR_CANCELLED, "cancelled");
}

/* A call with a sink is cancelled even when it changes something: its bytes will not be taken. */
void ic_flow_abandon(ic_engine *engine, ic_call *call) {
    bool changes = !call->request.repeatable && call->options.output != IC_TO_SINK;
    if (!changes || !ic_transfer_sent(call))
        ic_flow_cancel(engine, call);
    else
        call->abandoned = true;
}

static void flow_complete(ic_engine *engine, ic_call *call) {
    ic_error_clear(&call->error);
    flow_finish(engine, call);
}

static void flow_fail(ic_engine *engine, ic_call *call, const ic_error *error) {
    ic_outcome outcome = flow_outcome(call, ic_transfer_sent(call));
    if (call->purpose == IC_PURPOSE_SHARED) outcome = error->outcome;
    ic_error_clear(&call->error);
    ic_error_copy(&call->error, error);
    flow_stop(engine, call);
    flow_give_up(engine, call, outcome, error->retryable);
}

static void flow_too_late(ic_engine *engine, ic_call *call, double pause) {
    ic_outcome outcome = flow_outcome(call, ic_transfer_sent(call));
    ic_error_set(&call->error, IC_ERR_RATE_LIMITED,
                 "%s's rate limit allows this call in %.0f s, which is after its deadline",
                 ic_product_name(call->connection->settings.product), ceil(pause));
    call->error.retry_after = pause;
    flow_stop(engine, call);
    flow_give_up(engine, call, outcome, true);
}

void ic_flow_fail_all(ic_engine *engine) {
    for (ic_call *call, *next = engine->live; (call = next);) {
        next = call->next_live;
        ic_error_clear(&call->error);
        ic_error_set(&call->error, IC_ERR_IO, "the engine's thread has ended");
        call->error.outcome = flow_outcome(call, ic_transfer_sent(call));
        call->error.operation = call->request.operation->id;
        call->error.attempts = call->attempts;
        call->state = IC_STATE_DONE;
        atomic_store_explicit(&call->done, true, memory_order_release);
        if (call->mailbox) ic_call_post(call, IC_NOTICE_DONE);
        ic_call_release(call);
    }
    engine->live = NULL;
}

/* ---- the way to an attempt ---- */

/* A call's one timer fires at its deadline, or before that when a pause ends or an attempt takes too long. */
static void flow_set_timer(ic_engine *engine, ic_call *call) {
    double at = call->deadline ? call->deadline : INFINITY;
    if (call->state == IC_STATE_SENDING && call->attempt_ends) at = fmin(at, call->attempt_ends);
    if (call->state == IC_STATE_WAIT_REPEAT || call->state == IC_STATE_SLEEPING)
        at = fmin(at, call->resume_at);
    if (isinf(at))
        ic_timer_unset(&engine->timers, &call->timer);
    else
        ic_timer_set(&engine->timers, &call->timer, at);
}

/* Whether the call has an in-flight permit now; otherwise it waits for one. */
static bool flow_get_in_flight(ic_call *call, double now) {
    if (call->has_in_flight_permit || ic_in_flight_acquire(call)) return true;
    ic_wait_for_in_flight(call, now);
    return false;
}

/* Whether the call has a rate-limit permit now; otherwise it waits for one, or has ended because it would
 * wait too long. */
static bool flow_get_rate(ic_engine *engine, ic_call *call, double now) {
    if (call->has_rate_permit) return true;
    call->state = IC_STATE_WAIT_BUDGET;
    double pause = ic_rate_permit_acquire(engine, call, now);
    if (pause <= 0) return true;
    if (call->deadline && now + pause > call->deadline)
        flow_too_late(engine, call, pause);
    else
        ic_wait_for_rate(call, pause, now);
    return false;
}

/* The bearer, with both permits; NULL: the call waits for one of them, or has ended. */
static const char *flow_get_ready(ic_engine *engine, ic_call *call, double now) {
    ic_call_retain(call); /* it may end here and lose its last owner */
    const char *bearer = call->request.no_bearer ? "" : ic_token_queue_bearer(engine, call, now);
    if (bearer && !flow_get_rate(engine, call, now)) bearer = NULL;
    if (bearer && !flow_get_in_flight(call, now)) bearer = NULL;
    if (!bearer) ic_in_flight_release(engine, call); /* others can use it while this call waits for a token */
    ic_call_release(call);
    return bearer;
}

static void flow_begin_attempt(ic_call *call, double now) {
    call->attempts++;
    ic_stats_count(IC_COUNT_REQUESTS);
    call->attempt_began = now;
    bool foreign = call->foreign_url || call->request.absolute;
    ic_free(call->response.attempt_id);
    call->response.attempt_id = ic_attempt_id_new(&call->request, foreign);
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_REQUEST});
}

static void flow_advance(ic_engine *engine, ic_call *call) {
    double now = ic_now();
    const char *bearer = NULL;
    ic_wait_end(call, now);
    call->state = IC_STATE_WAIT_IN_FLIGHT;
    flow_set_timer(engine, call);
    if (!call->request.anonymous && !(bearer = flow_get_ready(engine, call, now))) return;
    if (call->request.absolute && !flow_get_in_flight(call, now)) return;
    double timeout = ic_call_timeout(call);
    call->state = IC_STATE_SENDING;
    call->attempt_ends = timeout ? now + timeout + GRACE : 0;
    flow_set_timer(engine, call);
    if (!call->unsent) flow_begin_attempt(call, now);
    if (ic_transfer_begin(engine, call, bearer, now)) return;
    flow_note_response(call, call->error.kind, now);
    ic_transfer_free(engine, call);
    ic_permits_release(engine, call, now, IC_PERMIT_UNUSED);
    flow_give_up(engine, call, flow_outcome(call, false), false);
}

/* ---- the end of an attempt ---- */

static ic_attempt flow_describe(const ic_call *call, const ic_ended *ended, double now) {
    double retries =
        call->options.max_retries >= 0 ? call->options.max_retries : call->connection->settings.max_retries;
    bool gone = call->error.kind == IC_ERR_NOT_FOUND; /* also a 400 that says NOT_FOUND */
    return (ic_attempt){.repeatable = call->request.repeatable,
                        .reads = call->request.reads,
                        .method = call->request.method,
                        /* A broken handshake may succeed the next time; a refused certificate will not. */
                        .failure = ended->handshake ? IC_ERR_NETWORK : ended->failure,
                        .sent = ended->sent,
                        .sink_touched = ended->sink_touched,
                        .status = gone ? 404 : call->response.status,
                        .retry_after = call->error.kind ? call->error.retry_after : -1,
                        .retries = call->retries,
                        .max_retries = (int)retries,
                        .renewable = ic_token_queue_can_renew(call) && !call->foreign_url,
                        .renewed = call->renewed,
                        .earlier_unknown = call->earlier_unknown,
                        .now = now,
                        .deadline = call->deadline,
                        .random = ic_random()};
}

static void flow_note_retry(ic_call *call, ic_error_kind failure, double pause) {
    ic_stats_count(IC_COUNT_RETRIES);
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_RETRY,
                                    .status = call->response.status,
                                    .failure = failure,
                                    .seconds = pause});
}

/* Sends the call again after a pause. It goes to its first URL, because a redirect may have led to another
 * host. After a failure it goes over a new connection, because the kept one may be broken without libcurl
 * knowing it. */
static void flow_repeat(ic_engine *engine, ic_call *call, ic_error_kind failure, double pause, double now) {
    flow_note_retry(call, failure, pause);
    if (call->error.retry_after >= 0) ic_wait_as_told(call, pause, now);
    ic_free(call->foreign_url);
    call->foreign_url = NULL;
    call->fresh = failure != IC_OK;
    call->retries++;
    call->state = IC_STATE_WAIT_REPEAT;
    call->resume_at = now + pause;
    ic_error_clear(&call->error);
    flow_set_timer(engine, call);
}

static void flow_decide(ic_engine *engine, ic_call *call, const ic_ended *ended, double now) {
    ic_attempt attempt = flow_describe(call, ended, now);
    ic_decision decision = ic_policy_decide(&attempt);
    bool again = decision.verdict == IC_VERDICT_REPEAT || decision.verdict == IC_VERDICT_RENEW;
    if (again && call->abandoned) decision.verdict = IC_VERDICT_FAIL;
    if (decision.verdict != IC_VERDICT_DONE && decision.outcome == IC_OUTCOME_UNKNOWN)
        call->earlier_unknown = true;
    switch (decision.verdict) {
    case IC_VERDICT_DONE:
        if (call->purpose == IC_PURPOSE_EXCHANGE)
            ic_token_queue_perform(engine, call);
        else
            flow_complete(engine, call);
        break;
    case IC_VERDICT_RENEW:
        call->renewed = true;
        flow_note_retry(call, IC_OK, 0);
        ic_token_queue_refused(call);
        ic_error_clear(&call->error);
        flow_advance(engine, call);
        break;
    case IC_VERDICT_REPEAT: flow_repeat(engine, call, ended->failure, decision.pause, now); break;
    case IC_VERDICT_TOO_LATE:
        if (attempt.status == 429 || attempt.retry_after >= 0) {
            call->error.kind = IC_ERR_RATE_LIMITED;
            call->error.retry_after = decision.pause;
        }
        flow_give_up(engine, call, decision.outcome, true);
        break;
    case IC_VERDICT_FAIL: flow_give_up(engine, call, decision.outcome, decision.retryable); break;
    }
}

/* Makes the attempt's answer the call's value or error. */
static void flow_read_answer(ic_call *call, ic_ended *ended) {
    long status = call->response.status;
    if (ended->failure != IC_OK) return;
    ic_buf *body = ic_transfer_body(call);
    if (status < 200 || status >= 300)
        ic_answer_error(&call->request, &call->response, body, ic_wall_time(), &call->error);
    else if (call->options.output != IC_TO_MEMORY)
        call->value.kind = call->options.output == IC_TO_PATH ? IC_VALUE_PATH : IC_VALUE_SINK;
    else if (!ic_answer_value(&call->request, &call->response, body, &call->value, &call->error))
        ended->failure = call->error.kind;
}

/* Adds to an error what is known of the answer that it is about, also of one that broke off: Ironclad's
 * support asks for its id. */
static void flow_name_answer(ic_call *call) {
    char id[256];
    ic_error *error = &call->error;
    if (error->kind == IC_OK) return;
    if (!error->status) error->status = call->response.status;
    ic_error_take(&error->request_id, ic_response_request_id(&call->response, id, sizeof id));
}

void ic_flow_attempt_ended(ic_engine *engine, ic_call *call, CURLcode code) {
    double now = ic_now();
    ic_ended ended = ic_transfer_end(engine, call, code);
    if (ended.found_closed) {
        ic_transfer_free(engine, call);
        call->fresh = ++call->unsent > 1; /* at first it may share the new connection of another call */
        flow_advance(engine, call);
        return;
    }
    call->unsent = 0;
    long status = call->response.status;
    flow_note_response(call, ended.failure, now);
    if (ended.failure == IC_OK && (ended.link || (status >= 300 && status < 400))) {
        bool follows = ic_call_redirect(call, ended.link);
        ic_free(ended.link);
        ic_transfer_free(engine, call);
        ic_permits_release(engine, call, now, IC_PERMIT_ANSWERED);
        if (follows)
            flow_advance(engine, call);
        else
            flow_give_up(engine, call, flow_outcome(call, true), false);
        return;
    }
    flow_read_answer(call, &ended);
    flow_name_answer(call);
    ic_transfer_free(engine, call);
    double pause = call->error.retry_after >= 0 ? call->error.retry_after : 1;
    /* The rate limits in another host's answer are not Ironclad's. */
    if (!call->foreign_url) ic_rate_queue_observe(call, now, ic_wall_time(), status == 429 ? pause : -1);
    ic_permits_release(engine, call, now,
                       !ended.sent             ? IC_PERMIT_UNUSED
                       : call->response.status ? IC_PERMIT_ANSWERED
                                               : IC_PERMIT_LOST);
    flow_decide(engine, call, &ended, now);
}

void ic_flow_resume(ic_engine *engine, ic_call *call) {
    if (!ic_transfer_resume(call)) ic_flow_attempt_ended(engine, call, CURLE_WRITE_ERROR);
}

/* ---- the start of a call, and timers ---- */

static void flow_miss_deadline(ic_engine *engine, ic_call *call) {
    ic_buf text = {0};
    ic_buf_printf(&text, "the deadline passed (option deadline)");
    if (call->state == IC_STATE_WAIT_TOKEN) ic_store_worker_explain(&call->token_entry->worker, &text);
    const char *message = ic_buf_text(&text);
    flow_end_early(engine, call, IC_ERR_TIMEOUT, message ? message : "the deadline passed");
    ic_buf_free(&text);
}

static void flow_on_timer(void *engine, void *owner, double now) {
    ic_call *call = owner;
    if (call->deadline && now >= call->deadline) {
        flow_miss_deadline(engine, call);
    } else if (call->state == IC_STATE_SLEEPING && now >= call->resume_at) {
        flow_complete(engine, call);
    } else if (call->state == IC_STATE_WAIT_REPEAT) {
        flow_advance(engine, call);
    } else if (call->state == IC_STATE_SENDING && call->attempt_ends && now >= call->attempt_ends) {
        ic_flow_attempt_ended(engine, call, CURLE_OPERATION_TIMEDOUT);
    } else {
        flow_set_timer(engine, call);
    }
}

void ic_flow_process_stopped(ic_engine *engine, double now) {
    double until = now + CATCH_UP;
    for (ic_call *call = engine->live; call; call = call->next_live) {
        if (call->state != IC_STATE_SENDING) continue;
        if (call->deadline) call->deadline = fmax(call->deadline, until);
        if (call->attempt_ends) call->attempt_ends = fmax(call->attempt_ends, until + GRACE);
        ic_transfer_allow(call, until);
        flow_set_timer(engine, call);
    }
}

void ic_flow_register(ic_engine *engine, ic_call *call) {
    ic_call_retain(call);
    call->next_live = engine->live;
    if (engine->live) engine->live->previous_live = call;
    engine->live = call;
    ic_table_add_number(&engine->live_by_id, &call->live_node, call->id);
}

static void flow_sleep(ic_engine *engine, ic_call *call) {
    call->state = IC_STATE_SLEEPING;
    call->resume_at = call->started + call->sleep_seconds;
    flow_set_timer(engine, call);
}

void ic_flow_start(ic_engine *engine, ic_call *call) {
    double deadline = ic_call_deadline(call);
    call->started = ic_now();
    call->deadline = deadline ? call->started + deadline : 0;
    call->timer = (ic_timer){.fire = flow_on_timer, .owner = call};
    if (flow_is_counted(call)) {
        ic_stats_count(IC_COUNT_CALLS);
        ic_stats_change(IC_GAUGE_PENDING, 1);
    }
    ic_flow_register(engine, call);
    call->timer_reserved = ic_timers_reserve(&engine->timers);
    if (!call->timer_reserved || !ic_queues_assign(engine, call)) {
        ic_error_memory(&call->error);
        flow_give_up(engine, call, IC_OUTCOME_NOT_DONE, true);
        return;
    }
    flow_set_timer(engine, call);
    if (call->purpose == IC_PURPOSE_SLEEP)
        flow_sleep(engine, call);
    else if (call->purpose == IC_PURPOSE_SHARED)
        ic_shared_call_begin(engine, call);
    else if (call->purpose && call->purpose != IC_PURPOSE_EXCHANGE)
        ic_token_queue_perform(engine, call);
    else
        flow_advance(engine, call);
}

/* The engine's own calls have no mailbox, and cannot be asked for. */
ic_call *ic_flow_find(const ic_engine *engine, unsigned long id) {
    ic_table_node *node = ic_table_find_number(&engine->live_by_id, id);
    ic_call *call = node ? (ic_call *)((char *)node - offsetof(ic_call, live_node)) : NULL;
    return call && call->mailbox ? call : NULL;
}

const ic_flow_steps ic_flow_steps_in_use = {
    .start = ic_flow_start,
    .advance = flow_advance,
    .complete = flow_complete,
    .fail = flow_fail,
    .too_late = flow_too_late,
};
