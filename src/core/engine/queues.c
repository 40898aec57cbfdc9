/* Host queues (in-flight permits) and rate queues (rate-limit permits): lists of calls, served in their
 * order. */
#include "core/engine/queues.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/engine/budget.h"
#include "core/engine/list.h"
#include "core/engine/shared_permits.h"
#include "core/engine/stats.h"
#include "core/engine/wait.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SHORTEST_WAIT   0.001 /* seconds */
#define CONNECTIONS_MIN 16    /* kept for token answers and other hosts */
#define CONNECTIONS_MAX 16384

typedef struct ic_host_queue {
    ic_table_node node;
    struct ic_host_queue *next;
    char *key;    /* owned; the origin and the limit */
    long users;   /* clients, and calls of no client */
    double limit; /* max_in_flight: clients with another limit have their own queue */
    long in_flight;
    ic_list waiting;
    struct ic_host_queue *next_due; /* in ic_engine.due_host_queues */
    bool due;                       /* it is in that list: a call waits, and a permit is free */
} ic_host_queue;

typedef struct ic_rate_queue {
    ic_table_node node;
    struct ic_rate_queue *next;
    long users;                 /* clients */
    char *key;                  /* owned; one of the connection's budget_keys, and rate_share */
    ic_budget *budget;          /* owned; NULL: switched off (option rate_limit) */
    double share;               /* the option rate_share */
    ic_shared_permits *permits; /* owned; NULL: this machine alone keeps the limits */
    bool alone;                 /* the shared Redis could not be reached last time */
    ic_list waiting[IC_BUCKET_COUNT];
    ic_timer timers[IC_BUCKET_COUNT]; /* when the first of each list may have its permit */
} ic_rate_queue;

/* ---- in-flight permits ---- */

/* An eighth of the descriptors that the process may have, divided between the two pools (unshared_pool): the
 * host needs the others (man 2 getrlimit). */
static double host_queue_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return CONNECTIONS_MAX;
    return (double)limit.rlim_cur / 8 / 2;
}

/* libcurl keeps as many idle TCP connections in each pool as requests may be in flight. By default it keeps
 * four for each transfer under way, and so closes connections that the next calls could use. */
static void host_queue_keep_connections(ic_engine *engine, double change) {
    engine->kept_connections += change;
    double most = fmin(CONNECTIONS_MAX, host_queue_descriptors());
    long kept = (long)fmax(CONNECTIONS_MIN, fmin(engine->kept_connections, most));
    curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, kept);
}

static void host_queue_free(ic_engine *engine, ic_host_queue *queue) {
    for (ic_host_queue **link = &engine->due_host_queues; queue->due && *link; link = &(*link)->next_due)
        if (*link == queue) {
            *link = queue->next_due;
            break;
        }
    host_queue_keep_connections(engine, -queue->limit);
    ic_table_remove(&engine->host_queues_by_key, &queue->node);
    ic_free(queue->key);
    ic_free(queue);
}

/* The queue of an origin, with one more user. NULL when out of memory. */
static ic_host_queue *host_queue_of(ic_engine *engine, const char *origin, size_t length, double limit) {
    ic_buf text = {0};
    ic_buf_printf(&text, "%.*s\n%g", (int)length, origin, limit);
    char *key = ic_buf_take(&text, NULL);
    ic_host_queue *queue = key ? (ic_host_queue *)ic_table_find(&engine->host_queues_by_key, key) : NULL;
    if (!queue && key && (queue = ic_calloc(1, sizeof *queue))) {
        queue->key = key;
        queue->limit = limit;
        queue->next = engine->host_queues;
        engine->host_queues = queue;
        ic_table_add(&engine->host_queues_by_key, &queue->node, key);
        host_queue_keep_connections(engine, limit);
        key = NULL;
    }
    ic_free(key);
    if (queue) queue->users++;
    return queue;
}

static bool host_queue_has_permit(const ic_host_queue *queue) {
    return (double)queue->in_flight < queue->limit;
}

static void host_queue_give_permit(ic_host_queue *queue, ic_call *call) {
    queue->in_flight++;
    call->has_in_flight_permit = true;
}

bool ic_in_flight_acquire(ic_call *call) {
    ic_host_queue *queue = call->host_queue;
    if (!queue->waiting.first && host_queue_has_permit(queue)) {
        host_queue_give_permit(queue, call);
        return true;
    }
    ic_list_append(&queue->waiting, call);
    return false;
}

void ic_in_flight_release(ic_engine *engine, ic_call *call) {
    ic_host_queue *queue = call->host_queue;
    if (!call->has_in_flight_permit) return;
    call->has_in_flight_permit = false;
    queue->in_flight--;
    if (queue->due || !queue->waiting.first || !host_queue_has_permit(queue)) return;
    queue->due = true;
    queue->next_due = engine->due_host_queues;
    engine->due_host_queues = queue;
}

/* Gives one permit away; false when there is none, or nobody waits. */
static bool host_queue_serve(ic_engine *engine, ic_host_queue *queue) {
    ic_call *call = queue->waiting.first;
    if (!call || !host_queue_has_permit(queue)) return false;
    ic_list_remove(call);
    host_queue_give_permit(queue, call);
    engine->flow->advance(engine, call);
    return true;
}

size_t ic_host_queues_serve(ic_engine *engine) {
    size_t count = 0;
    for (ic_host_queue *queue; (queue = engine->due_host_queues); count++) {
        engine->due_host_queues = queue->next_due;
        queue->due = false;
        while (host_queue_serve(engine, queue)) {
        }
    }
    return count;
}

/* ---- rate-limit permits ---- */

/* Calls whose deadline would pass while they wait fail at once, and the wait of the others is noted. */
static void rate_queue_tell_waiting(ic_engine *engine, ic_list *list, double now, double pause) {
    for (ic_call *call = list->first, *next; call; call = next) {
        next = call->next;
        if (call->deadline && now + pause > call->deadline)
            engine->flow->too_late(engine, call, pause);
        else
            ic_wait_for_rate(call, pause, now);
    }
}

/* Acquires a permit for the call. 0: acquired; otherwise the seconds to wait, and in `again` those after
 * which to try again. While the shared Redis gives permits, the queue's own budget only applies what the
 * service has said: its share is then the whole limit. */
static double rate_queue_take(ic_rate_queue *queue, ic_call *call, size_t wanted, double now, double *again) {
    ic_bucket bucket = call->request.bucket;
    if (!queue->permits) return *again = ic_budget_acquire(queue->budget, bucket, now);
    bool alone = !ic_shared_permits_are_shared(queue->permits, now);
    ic_budget_set_share(queue->budget, alone ? queue->share : 1);
    if (alone && !queue->alone) {
        ic_stats_count(IC_COUNT_ALONE);
        ic_wait_note_alone(call);
    }
    queue->alone = alone;
    double wait = *again = ic_budget_acquire(queue->budget, bucket, now);
    if (wait > 0 || alone) return wait;
    ic_shared_limit limit = {.wanted = wanted};
    limit.requests = ic_budget_requests(queue->budget, bucket, &limit.told);
    wait = ic_shared_permits_acquire(queue->permits, bucket, &limit, now, &call->shared_permit, again);
    if (wait > 0) ic_budget_release(queue->budget, bucket, now, IC_PERMIT_UNUSED);
    return wait;
}

static size_t rate_queue_length(const ic_list *list) {
    size_t length = 0;
    for (const ic_call *call = list->first; call && length < IC_SHARED_BLOCK; call = call->next)
        length++;
    return length;
}

static void rate_queue_on_news(ic_engine *engine, void *owner, ic_bucket bucket) {
    ic_rate_queue *queue = owner;
    if (queue->waiting[bucket].first) ic_timer_set(&engine->timers, &queue->timers[bucket], ic_now());
}

static void rate_queue_on_timer(void *argument, void *owner, double now) {
    ic_engine *engine = argument;
    ic_rate_queue *queue = owner;
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
        ic_list *list = &queue->waiting[bucket];
        while (list->first && !queue->timers[bucket].index) {
            double again, pause = rate_queue_take(queue, list->first, rate_queue_length(list), now, &again);
            if (pause > 0) {
                ic_timer_set(&engine->timers, &queue->timers[bucket], now + again);
                rate_queue_tell_waiting(engine, list, now, pause);
                break;
            }
            ic_call *call = list->first;
            ic_list_remove(call);
            call->has_rate_permit = true;
            engine->flow->advance(engine, call);
        }
    }
}

double ic_rate_permit_acquire(ic_engine *engine, ic_call *call, double now) {
    ic_rate_queue *queue = call->rate_queue;
    ic_bucket bucket = call->request.bucket;
    if (!queue->budget || bucket == IC_BUCKET_NONE) return 0;
    ic_list *list = &queue->waiting[bucket];
    ic_timer *timer = &queue->timers[bucket];
    bool others = list->first && timer->index;
    double again = 0, pause = others ? timer->at - now : rate_queue_take(queue, call, 1, now, &again);
    if (pause <= 0 && !others) {
        call->has_rate_permit = true;
        return 0;
    }
    ic_list_append(list, call);
    if (!timer->index) ic_timer_set(&engine->timers, timer, now + fmax(again, SHORTEST_WAIT));
    return fmax(pause, SHORTEST_WAIT);
}

void ic_permits_release(ic_engine *engine, ic_call *call, double now, ic_permit_end end) {
    ic_in_flight_release(engine, call);
    if (!call->has_rate_permit) return;
    call->has_rate_permit = false;
    ic_budget_release(call->rate_queue->budget, call->request.bucket, now, end);
    ic_shared_permits *permits = call->rate_queue->permits;
    if (permits && end == IC_PERMIT_UNUSED)
        ic_shared_permits_return(permits, call->request.bucket, now);
    else if (permits)
        ic_shared_permits_used(permits, call->request.bucket, &call->shared_permit, now);
    /* A permit that was not used is free at once: the next call need not wait for the timer. */
    ic_timer *timer = &call->rate_queue->timers[call->request.bucket];
    if (end == IC_PERMIT_UNUSED && timer->index) ic_timer_set(&engine->timers, timer, now);
}

/* A header's number that is not negative; -1: there is none. */
static double rate_queue_header(const ic_response *response, const char *name) {
    char text[64], *end;
    if (!ic_response_header(response, name, text, sizeof text)) return -1;
    double value = strtod(text, &end);
    return end == text || value < 0 ? -1 : value;
}

void ic_rate_queue_observe(ic_call *call, double now, double wall_time, double refused_for) {
    ic_rate_queue *queue = call->rate_queue;
    ic_bucket bucket = call->request.bucket;
    if (!queue || !queue->budget || bucket == IC_BUCKET_NONE) return;
    double reset = rate_queue_header(&call->response, "X-RateLimit-Reset");
    double sent_at = ic_response_date(&call->response, wall_time);
    if (reset > 1e9) reset = reset > sent_at ? reset - sent_at : 0; /* a date, not seconds */
    ic_budget_observe(queue->budget, bucket, now, rate_queue_header(&call->response, "X-RateLimit-Limit"),
                      rate_queue_header(&call->response, "X-RateLimit-Remaining"), reset);
    bool told;
    double requests = ic_budget_requests(queue->budget, bucket, &told);
    if (queue->permits && told) ic_shared_permits_told(queue->permits, bucket, requests, now);
    if (refused_for < 0) return;
    ic_budget_refused(queue->budget, bucket, now, refused_for);
    if (queue->permits) ic_shared_permits_refused(queue->permits, bucket, refused_for, now);
}

/* ---- both ---- */

static bool rate_queue_reserve_timers(ic_engine *engine, ic_rate_queue *queue) {
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++) {
        if (!ic_timers_reserve(&engine->timers)) {
            while (bucket-- > 0)
                ic_timers_release(&engine->timers, &queue->timers[bucket]);
            return false;
        }
        queue->timers[bucket] = (ic_timer){.fire = rate_queue_on_timer, .owner = queue};
    }
    return true;
}

/* Releases the queue's timers, which must be reserved. */
static void rate_queue_free(ic_engine *engine, ic_rate_queue *queue) {
    ic_table_remove(&engine->rate_queues_by_key, &queue->node);
    for (int bucket = 0; bucket < IC_BUCKET_COUNT; bucket++)
        ic_timers_release(&engine->timers, &queue->timers[bucket]);
    ic_shared_permits_free(queue->permits);
    ic_budget_free(queue->budget);
    ic_free(queue->key);
    ic_free(queue);
}

/* Takes ownership of `key` on success. NULL when out of memory. */
static ic_rate_queue *rate_queue_new(ic_engine *engine, ic_connection *connection, ic_counted by, char *key) {
    const ic_settings *settings = &connection->settings;
    ic_rate_queue *queue = ic_calloc(1, sizeof *queue);
    if (!queue) return NULL;
    if (settings->rate_limit) queue->budget = ic_budget_new(settings->rate_share);
    if ((settings->rate_limit && !queue->budget) || !rate_queue_reserve_timers(engine, queue)) {
        ic_budget_free(queue->budget);
        ic_free(queue);
        return NULL;
    }
    queue->share = settings->rate_share;
    if (settings->rate_limit && connection->shared.name)
        queue->permits = ic_shared_permits_new(engine, connection, by, rate_queue_on_news, queue, NULL);
    queue->key = key;
    queue->next = engine->rate_queues;
    engine->rate_queues = queue;
    ic_table_add(&engine->rate_queues_by_key, &queue->node, key);
    return queue;
}

/* The queue of a connection for what is counted together, with one more user. NULL when out of memory. */
static ic_rate_queue *rate_queue_of(ic_engine *engine, ic_connection *connection, ic_counted by) {
    const ic_settings *settings = &connection->settings;
    ic_buf text = {0};
    ic_buf_printf(&text, "%s\n%g\n%s\n%s", connection->budget_keys[by],
                  settings->rate_limit ? settings->rate_share : 0,
                  connection->shared.name ? connection->shared.name : "",
                  connection->shared.name ? connection->shared_prefix : "");
    char *key = ic_buf_take(&text, NULL);
    if (!key) return NULL;
    ic_rate_queue *queue = (ic_rate_queue *)ic_table_find(&engine->rate_queues_by_key, key);
    if (!queue && (queue = rate_queue_new(engine, connection, by, key))) key = NULL;
    ic_free(key);
    if (queue) queue->users++;
    return queue;
}

/* The host queue of a whole URL's "https://host:port", with one more user. */
static ic_host_queue *host_queue_of_url(ic_engine *engine, const char *url, double limit) {
    const char *host = strstr(url, "://") + 3;
    return host_queue_of(engine, url, (size_t)(host - url) + strcspn(host, "/?"), limit);
}

/* Sets the call's queues, which are made when they are first needed. False when out of memory. */
static bool queues_assign(ic_engine *engine, ic_client *client, ic_call *call) {
    ic_connection *connection = client->connection;
    ic_host_queue **host = &client->host_queues[call->request.host];
    ic_counted by = ic_rate_limits[call->request.bucket].by;
    ic_rate_queue **rate = &client->rate_queues[by];
    const char *origin = ic_connection_origin(connection, call->request.host);
    if (!*host) *host = host_queue_of(engine, origin, strlen(origin), connection->settings.max_in_flight);
    if (!*rate) *rate = rate_queue_of(engine, connection, by);
    call->host_queue = *host;
    call->rate_queue = *rate;
    return *host && *rate;
}

bool ic_queues_assign(ic_engine *engine, ic_call *call) {
    if (call->request.absolute) {
        double limit = call->connection->settings.max_in_flight;
        call->host_queue = host_queue_of_url(engine, call->request.target, limit);
        return call->host_queue != NULL;
    }
    if (call->request.anonymous) return true;
    ic_client *client = ic_client_of(engine, call->connection);
    if (!client || !queues_assign(engine, client, call)) return false;
    ic_budget *budget = call->rate_queue->budget;
    return !budget || ic_budget_reserve(budget, call->request.bucket);
}

void ic_queues_leave(ic_call *call) {
    if (call->request.absolute && call->host_queue) call->host_queue->users--;
}

void ic_queues_forget(ic_client *client) {
    for (int host = 0; host < IC_HOST_COUNT; host++)
        if (client->host_queues[host]) client->host_queues[host]->users--;
    for (int by = 0; by < IC_COUNTED_COUNT; by++)
        if (client->rate_queues[by]) client->rate_queues[by]->users--;
}

static bool rate_queue_is_idle(const ic_rate_queue *queue, double now) {
    if (queue->users) return false;
    return !queue->budget || ic_budget_is_idle(queue->budget, now);
}

void ic_queues_tidy(ic_engine *engine, double now) {
    for (ic_rate_queue **link = &engine->rate_queues, *queue; (queue = *link);) {
        if (!rate_queue_is_idle(queue, now)) {
            link = &queue->next;
            continue;
        }
        *link = queue->next;
        rate_queue_free(engine, queue);
    }
    for (ic_host_queue **link = &engine->host_queues, *queue; (queue = *link);) {
        if (queue->users) {
            link = &queue->next;
            continue;
        }
        *link = queue->next;
        host_queue_free(engine, queue);
    }
}

void ic_queues_free(ic_engine *engine) {
    for (ic_rate_queue *queue; (queue = engine->rate_queues);) {
        engine->rate_queues = queue->next;
        rate_queue_free(engine, queue);
    }
    for (ic_host_queue *queue; (queue = engine->host_queues);) {
        engine->host_queues = queue->next;
        host_queue_free(engine, queue);
    }
    ic_table_free(&engine->rate_queues_by_key);
    ic_table_free(&engine->host_queues_by_key);
}
