#include "core/engine/queues.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/engine/flow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ring(void *engine, void *owner, double now);

static ic_host_queue *host_of(ic_engine *engine, const char *origin, double limit) {
    for (ic_host_queue *host = engine->host_queues; host; host = host->next)
        if (host->limit == limit && strcmp(host->origin, origin) == 0) return host;
    ic_host_queue *host = ic_calloc(1, sizeof *host);
    if (host && !(host->origin = ic_strdup(origin))) {
        ic_free(host);
        return NULL;
    }
    if (host) {
        host->limit = limit;
        host->next = engine->host_queues;
        engine->host_queues = host;
    }
    return host;
}

static bool enroll(ic_engine *engine, ic_rate_queue *lane) {
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
        if (!ic_timers_enroll(&engine->timers)) {
            while (bucket-- > 0)
                ic_timers_leave(&engine->timers, &lane->timers[bucket]);
            return false;
        }
        lane->timers[bucket] = (ic_timer){.ring = ring, .owner = lane};
    }
    return true;
}

static void free_lane(ic_rate_queue *lane) {
    ic_budget_free(lane->budget);
    ic_free(lane->key);
    ic_free(lane);
}

static ic_rate_queue *new_lane(ic_engine *engine, const ic_connection *connection, char *key) {
    ic_rate_queue *lane = ic_calloc(1, sizeof *lane);
    if (!lane) {
        ic_free(key);
        return NULL;
    }
    lane->key = key;
    if (connection->settings.rate_limit) lane->budget = ic_budget_new(connection->settings.rate_share);
    bool whole = (lane->budget || !connection->settings.rate_limit) && enroll(engine, lane);
    if (!whole) {
        free_lane(lane);
        return NULL;
    }
    lane->next = engine->rate_queues;
    engine->rate_queues = lane;
    return lane;
}

/* "https://host:port" of a whole URL: where a download from another host takes its turns. */
static bool enter_elsewhere(ic_engine *engine, ic_call *call) {
    const char *url = call->request.target, *host = strstr(url, "://") + 3;
    char *origin = ic_strndup(url, (size_t)(host - url) + strcspn(host, "/?"));
    if (origin) call->host_queue = host_of(engine, origin, call->connection->settings.max_in_flight);
    ic_free(origin);
    return call->host_queue != NULL;
}

bool ic_queues_assign(ic_engine *engine, ic_call *call) {
    if (call->request.absolute) return enter_elsewhere(engine, call);
    if (call->request.anonymous) return true;
    const ic_connection *connection = call->connection;
    const ic_settings *settings = &connection->settings;
    ic_buf text = {0};
    call->host_queue = host_of(engine, connection->origin, settings->max_in_flight);
    if (!call->host_queue) return false;
    ic_buf_printf(&text, "%s\n%g", connection->budget_key, settings->rate_limit ? settings->rate_share : 0);
    char *key = ic_buf_take(&text, NULL);
    if (!key) return false;
    for (ic_rate_queue *lane = engine->rate_queues; lane; lane = lane->next) {
        if (strcmp(lane->key, key) != 0) continue;
        ic_free(key);
        call->rate_queue = lane;
        return true;
    }
    call->rate_queue = new_lane(engine, connection, key);
    return call->rate_queue != NULL;
}

/* Those whose deadline would pass while they wait are told at once. */
static void fail_late(ic_engine *engine, ic_list *list, double now, double pause) {
    for (ic_call *call = list->first, *next; call; call = next) {
        next = call->next;
        if (call->deadline && now + pause > call->deadline) ic_flow_too_late(engine, call, pause);
    }
}

double ic_rate_permit_acquire(ic_engine *engine, ic_call *call, double now) {
    ic_rate_queue *lane = call->rate_queue;
    ic_bucket bucket = call->request.bucket;
    if (!lane->budget || bucket == IC_BUCKET_NONE) return 0;
    ic_list *list = &lane->waiting[bucket];
    ic_timer *timer = &lane->timers[bucket];
    double pause =
        list->first && timer->place ? timer->at - now : ic_budget_acquire(lane->budget, bucket, now);
    if (pause <= 0 && !(list->first && timer->place)) {
        call->has_rate_permit = true;
        return 0;
    }
    if (pause < 0.001) pause = 0.001;
    ic_list_append(list, call);
    if (!timer->place) ic_timer_set(&engine->timers, timer, now + pause);
    return pause;
}

static void ring(void *engine, void *owner, double now) {
    ic_rate_queue *lane = owner;
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
        ic_list *list = &lane->waiting[bucket];
        while (list->first && !lane->timers[bucket].place) {
            double pause = ic_budget_acquire(lane->budget, (ic_bucket)bucket, now);
            if (pause > 0) {
                ic_timer_set(&((ic_engine *)engine)->timers, &lane->timers[bucket], now + pause);
                fail_late(engine, list, now, pause);
                break;
            }
            ic_call *call = list->first;
            ic_list_remove(call);
            call->has_rate_permit = true;
            ic_flow_advance(engine, call);
        }
    }
}

static bool has_room(const ic_host_queue *host) {
    return (double)host->in_flight < host->limit;
}

static void give_turn(ic_host_queue *host, ic_call *call) {
    host->in_flight++;
    call->has_in_flight_permit = true;
}

bool ic_in_flight_acquire(ic_call *call) {
    ic_host_queue *host = call->host_queue;
    if (!host->queue.first && has_room(host)) {
        give_turn(host, call);
        return true;
    }
    ic_list_append(&host->queue, call);
    return false;
}

void ic_in_flight_release(ic_call *call) {
    if (!call->has_in_flight_permit) return;
    call->has_in_flight_permit = false;
    call->host_queue->in_flight--;
}

void ic_permits_release(ic_engine *engine, ic_call *call, double now, bool sent) {
    ic_in_flight_release(call);
    if (!call->has_rate_permit) return;
    call->has_rate_permit = false;
    ic_budget_release(call->rate_queue->budget, call->request.bucket, now, sent);
    /* A place that was not used is free at once: whoever waits need not sleep on. */
    ic_timer *timer = &call->rate_queue->timers[call->request.bucket];
    if (!sent && timer->place) ic_timer_set(&engine->timers, timer, now);
}

/* Gives one turn away; false when there is none, or nobody waits. */
static bool serve(ic_engine *engine, ic_host_queue *host) {
    ic_call *call = host->queue.first;
    if (!call || !has_room(host)) return false;
    ic_list_remove(call);
    give_turn(host, call);
    ic_flow_advance(engine, call);
    return true;
}

void ic_host_queues_serve(ic_engine *engine) {
    for (ic_host_queue *host = engine->host_queues; host; host = host->next)
        while (serve(engine, host)) {
        }
}

static double number(const ic_response *response, const char *name) {
    char text[64], *end;
    if (!ic_response_header(response, name, text, sizeof text)) return -1;
    double value = strtod(text, &end);
    return end == text || value < 0 ? -1 : value;
}

void ic_rate_queue_observe(ic_call *call, double now, double wall_time, double refused_for) {
    ic_rate_queue *lane = call->rate_queue;
    ic_bucket bucket = call->request.bucket;
    if (!lane || !lane->budget || bucket == IC_BUCKET_NONE) return;
    double reset = number(&call->response, "X-RateLimit-Reset");
    if (reset > 1e9) reset = reset > wall_time ? reset - wall_time : 0; /* a date, not seconds */
    ic_budget_observe(lane->budget, bucket, now, number(&call->response, "X-RateLimit-Limit"),
                      number(&call->response, "X-RateLimit-Remaining"), reset);
    if (refused_for >= 0) ic_budget_refused(lane->budget, bucket, now, refused_for);
}

void ic_queues_free(ic_engine *engine) {
    for (ic_rate_queue *lane; (lane = engine->rate_queues);) {
        engine->rate_queues = lane->next;
        for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++)
            ic_timers_leave(&engine->timers, &lane->timers[bucket]);
        free_lane(lane);
    }
    for (ic_host_queue *host; (host = engine->host_queues);) {
        engine->host_queues = host->next;
        ic_free(host->origin);
        ic_free(host);
    }
}
