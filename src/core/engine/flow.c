#include "core/engine/flow.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/catalog/scopes.h"
#include "core/engine/event.h"
#include "core/engine/policy.h"
#include "core/engine/queues.h"
#include "core/engine/secrets.h"
#include "core/engine/token_queue.h"
#include "core/engine/transfer.h"
#include "core/http/redirect.h"
#include <math.h>
#include <string.h>

static void ring(void *engine, void *owner, double now);
static void finish(ic_engine *engine, ic_call *call);
static void give_up(ic_engine *engine, ic_call *call, ic_outcome outcome, bool retryable);
static void decide(ic_engine *engine, ic_call *call, const ic_ended *ended, double now);

/* libcurl counts an attempt's time itself, and says more of it, but not while the attempt waits for another's
 * connection: that is ended from here, this many seconds later. */
#define GRACE 0.1

/* A call's one timer rings at its deadline, or before that when it waits to repeat or an attempt takes too
 * long. */
static void set_alarm(ic_engine *engine, ic_call *call) {
    double at = call->deadline ? call->deadline : INFINITY;
    if (call->state == IC_STATE_SENDING && call->attempt_ends) at = fmin(at, call->attempt_ends);
    if (call->state == IC_STATE_WAIT_REPEAT || call->state == IC_STATE_SLEEPING)
        at = fmin(at, call->resume_at);
    if (isinf(at))
        ic_timer_unset(&engine->timers, &call->timer);
    else
        ic_timer_set(&engine->timers, &call->timer, at);
}

void ic_flow_register(ic_engine *engine, ic_call *call) {
    ic_call_retain(call);
    call->next_live = engine->live;
    if (engine->live) engine->live->previous_live = call;
    engine->live = call;
}

static void let_time_pass(ic_engine *engine, ic_call *call) {
    call->state = IC_STATE_SLEEPING;
    call->resume_at = call->started + call->sleep_seconds;
    set_alarm(engine, call);
}

void ic_flow_start(ic_engine *engine, ic_call *call) {
    double deadline = ic_call_deadline(call);
    call->started = ic_now();
    call->deadline = deadline ? call->started + deadline : 0;
    call->timer = (ic_timer){.ring = ring, .owner = call};
    ic_flow_register(engine, call);
    call->enrolled = ic_timers_enroll(&engine->timers);
    if (!call->enrolled || !ic_queues_assign(engine, call)) {
        ic_error_memory(&call->error);
        give_up(engine, call, IC_OUTCOME_NOT_DONE, true);
        return;
    }
    set_alarm(engine, call);
    if (call->purpose == IC_PURPOSE_SLEEP)
        let_time_pass(engine, call);
    else if (call->purpose && call->purpose != IC_PURPOSE_EXCHANGE)
        ic_token_queue_perform(engine, call);
    else
        ic_flow_advance(engine, call);
}

static void note_wait(ic_call *call, const char *reason, double seconds) {
    ic_bucket bucket = call->request.bucket;
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_WAIT,
                                    .seconds = seconds,
                                    .reason = reason,
                                    .bucket = bucket == IC_BUCKET_NONE ? NULL : ic_bucket_name(bucket)});
}

static bool wait_for_turn(ic_call *call) {
    if (ic_in_flight_acquire(call)) return false;
    note_wait(call, "turn", -1);
    return true;
}

static bool wait_for_place(ic_engine *engine, ic_call *call, double now) {
    call->state = IC_STATE_WAIT_BUDGET;
    double pause = ic_rate_permit_acquire(engine, call, now);
    if (pause <= 0) return false;
    if (call->deadline && now + pause > call->deadline)
        ic_flow_too_late(engine, call, pause);
    else
        note_wait(call, "budget", pause);
    return true;
}

/* The bearer, with a place and a turn; NULL: the call waits for one of them, or has ended. */
static const char *make_ready(ic_engine *engine, ic_call *call, double now) {
    const char *bearer = ic_token_queue_bearer(engine, call, now);
    if (bearer && !call->has_rate_permit && wait_for_place(engine, call, now)) bearer = NULL;
    if (bearer && !call->has_in_flight_permit && wait_for_turn(call)) bearer = NULL;
    if (!bearer) ic_in_flight_release(call); /* nobody waits for a token with a turn in hand */
    return bearer;
}

/* A read changes nothing; anything else is in doubt once it was sent, now or earlier. */
static ic_outcome doubtful(const ic_call *call, bool sent) {
    bool changes = call->request.method != IC_GET && !call->on_done;
    return changes && (sent || call->earlier_unknown) ? IC_OUTCOME_UNKNOWN : IC_OUTCOME_NOT_DONE;
}

static void note_response(ic_call *call, ic_error_kind failure, double now) {
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_RESPONSE,
                                    .status = call->response.status,
                                    .failure = failure,
                                    .seconds = now - call->attempt_began});
}

void ic_flow_advance(ic_engine *engine, ic_call *call) {
    double now = ic_now();
    const char *bearer = NULL;
    call->state = IC_STATE_WAIT_IN_FLIGHT;
    set_alarm(engine, call);
    if (!call->request.anonymous && !(bearer = make_ready(engine, call, now))) return;
    if (call->request.absolute && !call->has_in_flight_permit && wait_for_turn(call)) return;
    double timeout = ic_call_timeout(call);
    call->state = IC_STATE_SENDING;
    call->attempt_ends = timeout ? now + timeout + GRACE : 0;
    set_alarm(engine, call);
    call->attempts++;
    call->attempt_began = now;
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_REQUEST});
    if (ic_transfer_begin(engine, call, bearer, now)) return;
    note_response(call, call->error.kind, now);
    ic_transfer_free(call);
    ic_permits_release(engine, call, now, false);
    give_up(engine, call, doubtful(call, false), false);
}

static void stop(ic_engine *engine, ic_call *call) {
    bool sent = ic_transfer_sent(call);
    if (call->transfer) {
        ic_error found = call->error;
        call->error = (ic_error){.retry_after = -1};
        ic_transfer_end(engine, call, CURLE_ABORTED_BY_CALLBACK);
        ic_error_clear(&call->error);
        call->error = found;
        note_response(call, found.kind, ic_now());
    }
    ic_transfer_free(call);
    ic_permits_release(engine, call, ic_now(), sent);
}

static void end_early(ic_engine *engine, ic_call *call, ic_error_kind kind, const char *message) {
    ic_outcome outcome = doubtful(call, ic_transfer_sent(call));
    ic_error_set(&call->error, kind, "%s", message);
    stop(engine, call);
    bool harmless = call->request.repeatable || outcome == IC_OUTCOME_NOT_DONE;
    give_up(engine, call, outcome, kind == IC_ERR_TIMEOUT && harmless);
}

void ic_flow_resume(ic_engine *engine, ic_call *call) {
    if (!ic_transfer_resume(call)) ic_flow_attempt_ended(engine, call, CURLE_WRITE_ERROR);
}

void ic_flow_cancel(ic_engine *engine, ic_call *call) {
    if (call->state != IC_STATE_NEW && call->state != IC_STATE_DONE)
        end_early(engine, call, IC_ERR_CANCELLED, "cancelled");
}

/* Whoever gave up a sink's call would never take its bytes. */
void ic_flow_abandon(ic_engine *engine, ic_call *call) {
    bool changes = !call->request.repeatable && call->options.output != IC_TO_SINK;
    if (!changes || !ic_transfer_sent(call)) ic_flow_cancel(engine, call);
}

/* The newest come first, and are what is asked for. */
ic_call *ic_flow_find(const ic_engine *engine, unsigned long id) {
    ic_call *call = engine->live;
    while (call && (call->id != id || !call->mailbox))
        call = call->next_live;
    return call;
}

void ic_flow_fail_all(ic_engine *engine) {
    for (ic_call *call, *next = engine->live; (call = next);) {
        next = call->next_live;
        ic_error_clear(&call->error);
        ic_error_set(&call->error, IC_ERR_IO, "the engine's thread has ended");
        call->error.outcome = doubtful(call, ic_transfer_sent(call));
        call->error.operation = call->request.operation->id;
        call->error.attempts = call->attempts;
        call->state = IC_STATE_DONE;
        atomic_store_explicit(&call->done, true, memory_order_release);
        if (call->mailbox) ic_call_post(call, IC_NOTICE_DONE);
        ic_call_release(call);
    }
    engine->live = NULL;
}

void ic_flow_fail(ic_engine *engine, ic_call *call, const ic_error *error) {
    ic_outcome outcome = doubtful(call, ic_transfer_sent(call));
    ic_error_clear(&call->error);
    ic_error_copy(&call->error, error);
    stop(engine, call);
    give_up(engine, call, outcome, error->retryable);
}

void ic_flow_complete(ic_engine *engine, ic_call *call) {
    ic_error_clear(&call->error);
    finish(engine, call);
}

void ic_flow_too_late(ic_engine *engine, ic_call *call, double pause) {
    ic_outcome outcome = doubtful(call, ic_transfer_sent(call));
    ic_error_set(&call->error, IC_ERR_RATE_LIMITED,
                 "the next place in Ironclad's budget is %.0f s away, which is beyond the deadline",
                 ceil(pause));
    call->error.retry_after = pause;
    stop(engine, call);
    give_up(engine, call, outcome, true);
}

static void ring(void *engine, void *owner, double now) {
    ic_call *call = owner;
    if (call->deadline && now >= call->deadline) {
        end_early(engine, call, IC_ERR_TIMEOUT, "the deadline passed (option deadline)");
    } else if (call->state == IC_STATE_SLEEPING && now >= call->resume_at) {
        ic_flow_complete(engine, call);
    } else if (call->state == IC_STATE_WAIT_REPEAT) {
        ic_flow_advance(engine, call);
    } else if (call->state == IC_STATE_SENDING && call->attempt_ends && now >= call->attempt_ends) {
        ic_flow_attempt_ended(engine, call, CURLE_OPERATION_TIMEDOUT);
    } else {
        set_alarm(engine, call);
    }
}

void ic_flow_fire(ic_engine *engine, double now) {
    for (ic_timer *timer; (timer = ic_timers_first(&engine->timers)) && timer->at <= now;) {
        ic_timer_unset(&engine->timers, timer);
        timer->ring(engine, timer->owner, now);
    }
}

/* To where a link in the answer's body says, or (`link` NULL) its Location. */
static bool redirect(ic_call *call, const char *link) {
    char location[8192];
    long status = call->response.status;
    if (!link) {
        if (call->request.method != IC_GET)
            return ic_redirect_refuse(status, "of a request that is not a read", &call->error);
        link = ic_response_header(&call->response, "Location", location, sizeof location);
        if (link && strlen(link) + 1 == sizeof location)
            return ic_redirect_refuse(status, "to an overlong URL", &call->error);
    }
    ic_buf from = {0};
    ic_call_url(call, &from);
    ic_redirect_target target = {0};
    const ic_redirect asked = {
        .from = ic_buf_text(&from),
        .origin = call->connection->origin,
        .foreign = call->foreign_url || call->request.absolute,
        .download = call->request.answer == IC_ANSWER_BYTES || call->options.output != IC_TO_MEMORY,
        .allow_http = call->connection->settings.allow_http,
        .followed = call->redirects++,
        .status = status,
    };
    bool follows = false;
    if (asked.from)
        follows = ic_redirect_follow(&asked, link, &target, &call->error);
    else
        ic_error_memory(&call->error);
    ic_buf_free(&from);
    if (!follows) return false;
    char **place = target.foreign ? &call->foreign_url : &call->request.target;
    ic_free(*place);
    *place = target.text;
    return true;
}

void ic_flow_attempt_ended(ic_engine *engine, ic_call *call, CURLcode code) {
    double now = ic_now();
    ic_ended ended = ic_transfer_end(engine, call, code);
    long status = call->response.status;
    note_response(call, ended.failure, now);
    if (ended.failure == IC_OK && (ended.link || (status >= 300 && status < 400))) {
        bool follows = redirect(call, ended.link);
        ic_free(ended.link);
        ic_transfer_free(call);
        ic_permits_release(engine, call, now, true);
        if (follows)
            ic_flow_advance(engine, call);
        else
            give_up(engine, call, doubtful(call, true), false);
        return;
    }
    if (ended.failure == IC_OK && status >= 200 && status < 300) {
        bool kept = call->options.output != IC_TO_MEMORY;
        if (kept)
            call->value.kind = call->options.output == IC_TO_PATH ? IC_VALUE_PATH : IC_VALUE_SINK;
        else if (!ic_answer_value(&call->request, &call->response, ic_transfer_body(call), &call->value,
                                  &call->error))
            ended.failure = call->error.kind;
    } else if (ended.failure == IC_OK) {
        ic_answer_error(&call->request, &call->response, ic_transfer_body(call), ic_wall_time(),
                        &call->error);
    }
    ic_transfer_free(call);
    double pause = call->error.retry_after >= 0 ? call->error.retry_after : 1;
    /* What another host says of its limits is not about Ironclad's. */
    if (!call->foreign_url) ic_rate_queue_observe(call, now, ic_wall_time(), status == 429 ? pause : -1);
    ic_permits_release(engine, call, now, ended.sent);
    decide(engine, call, &ended, now);
}

static ic_attempt describe(const ic_call *call, const ic_ended *ended, double now) {
    double retries =
        call->options.max_retries >= 0 ? call->options.max_retries : call->connection->settings.max_retries;
    bool gone = call->error.kind == IC_ERR_NOT_FOUND; /* also a 400 that says NOT_FOUND */
    return (ic_attempt){.repeatable = call->request.repeatable,
                        .method = call->request.method,
                        /* A handshake that broke off may be noise; a certificate that is refused is not. */
                        .failure = ended->handshake ? IC_ERR_NETWORK : ended->failure,
                        .sent = ended->sent,
                        .sink_touched = ended->sink_touched,
                        .status = gone ? 404 : call->response.status,
                        .retry_after = call->error.kind ? call->error.retry_after : -1,
                        .repeats = call->repeats,
                        .max_repeats = (int)retries,
                        .renewable = ic_token_queue_can_renew(call) && !call->foreign_url,
                        .renewed = call->renewed,
                        .earlier_unknown = call->earlier_unknown,
                        .now = now,
                        .deadline = call->deadline,
                        .random = ic_dice()};
}

static void note_retry(ic_call *call, ic_error_kind failure, double pause) {
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_RETRY,
                                    .status = call->response.status,
                                    .failure = failure,
                                    .seconds = pause});
}

/* From the beginning: a redirect may lead to another host by now, and a connection that failed may be dead
 * without saying so. */
static void repeat(ic_engine *engine, ic_call *call, ic_error_kind failure, double pause, double now) {
    note_retry(call, failure, pause);
    if (call->error.retry_after >= 0) note_wait(call, "retry_after", pause);
    ic_free(call->foreign_url);
    call->foreign_url = NULL;
    call->fresh = failure != IC_OK;
    call->repeats++;
    call->state = IC_STATE_WAIT_REPEAT;
    call->resume_at = now + pause;
    ic_error_clear(&call->error);
    set_alarm(engine, call);
}

static void decide(ic_engine *engine, ic_call *call, const ic_ended *ended, double now) {
    ic_attempt attempt = describe(call, ended, now);
    ic_decision decision = ic_policy_decide(&attempt);
    if (decision.verdict != IC_VERDICT_DONE && decision.outcome == IC_OUTCOME_UNKNOWN)
        call->earlier_unknown = true;
    switch (decision.verdict) {
    case IC_VERDICT_DONE:
        if (call->purpose == IC_PURPOSE_EXCHANGE)
            ic_token_queue_perform(engine, call);
        else
            ic_flow_complete(engine, call);
        break;
    case IC_VERDICT_RENEW:
        call->renewed = true;
        note_retry(call, IC_OK, 0);
        ic_token_queue_refused(call);
        ic_error_clear(&call->error);
        ic_flow_advance(engine, call);
        break;
    case IC_VERDICT_REPEAT: repeat(engine, call, ended->failure, decision.pause, now); break;
    case IC_VERDICT_TOO_LATE:
        if (attempt.status == 429 || attempt.retry_after >= 0) {
            call->error.kind = IC_ERR_RATE_LIMITED;
            call->error.retry_after = decision.pause;
        }
        give_up(engine, call, decision.outcome, true);
        break;
    case IC_VERDICT_FAIL: give_up(engine, call, decision.outcome, decision.retryable); break;
    }
}

/* Of the scopes that the operation needs, those that the token does not have, where its answer said which it
 * has. */
static void name_missing_scopes(ic_call *call) {
    const ic_token *token = ic_token_queue_token(call);
    const char *granted = token ? token->scope : NULL;
    ic_buf text = {0}, missing = {0};
    if (call->error.kind == IC_ERR_PERMISSION &&
        ic_scopes_missing(call->request.operation->scopes, granted, &missing)) {
        ic_buf_printf(&text, "%s; the token lacks %s", ic_error_message(&call->error), ic_buf_text(&missing));
        char *message = ic_buf_take(&text, NULL);
        if (message) {
            ic_free(call->error.message);
            call->error.message = message;
        }
    }
    ic_buf_free(&missing);
}

static void give_up(ic_engine *engine, ic_call *call, ic_outcome outcome, bool retryable) {
    name_missing_scopes(call);
    char *texts[] = {call->error.message, call->error.code, call->error.param, call->error.request_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ic_secrets_redact(call, texts[i]);
    call->error.outcome = outcome;
    call->error.retryable = retryable;
    if (!call->error.operation) call->error.operation = call->request.operation->id;
    call->error.attempts = call->attempts;
    finish(engine, call);
}

static void finish(ic_engine *engine, ic_call *call) {
    ic_list_remove(call);
    if (call->enrolled) ic_timers_leave(&engine->timers, &call->timer);
    call->state = IC_STATE_DONE;
    call->response.attempts = call->attempts;
    call->response.seconds = ic_now() - call->started;
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
