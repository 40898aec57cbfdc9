/* The engine's links to Redis, and their sockets in the engine's loop. */
#include "core/engine/shared.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/engine/stats.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Milliseconds until the loop tries again when there was no memory for waiting on the sockets. */
#define WAIT_WITHOUT_MEMORY 10

/* Counts in stats.h that the connection has been opened or lost. */
static void shared_count(ic_shared *shared, bool up) {
    if (shared->counted == up) return;
    shared->counted = up;
    ic_stats_count(up ? IC_COUNT_OPENED : IC_COUNT_LOST);
    ic_stats_change(IC_GAUGE_CONNECTED, up ? 1 : -1);
}

static void shared_free(ic_engine *engine, ic_shared *shared) {
    if (shared->counted) ic_stats_change(IC_GAUGE_CONNECTED, -1);
    ic_table_remove(&engine->shared_by_key, &shared->node);
    ic_link_free(shared->link);
    ic_free_secret(shared->key);
    ic_free(shared);
}

/* The address as the client gave it: a link with another password is another link. So is one over TLS that
 * trusts other certificates or has another one itself. NULL when out of memory. */
static char *shared_key(const ic_connection *connection) {
    const ic_settings *settings = &connection->settings;
    const char *const parts[] = {settings->shared, connection->ca_file, settings->ca_path,
                                 settings->shared_client_cert, settings->shared_client_key};
    ic_buf key = {0};
    for (size_t i = 0; i < (connection->shared.tls ? sizeof parts / sizeof *parts : 1); i++)
        ic_buf_printf(&key, "%s\n", parts[i] ? parts[i] : "");
    return ic_buf_take(&key, NULL);
}

static bool shared_copy(const char *text, char **copy) {
    *copy = text ? ic_strdup(text) : NULL;
    return !text || *copy;
}

/* Gives an address over TLS the certificates that the connection trusts, and its own. False when out of
 * memory. */
static bool shared_add_certificates(const ic_connection *connection, ic_shared_address *address) {
    const ic_settings *settings = &connection->settings;
    return !address->tls || (shared_copy(connection->ca_file, &address->ca_file) &&
                             shared_copy(settings->ca_path, &address->ca_path) &&
                             shared_copy(settings->shared_client_cert, &address->client_cert) &&
                             shared_copy(settings->shared_client_key, &address->client_key));
}

/* `wake` makes the engine look at the link again. */
static ic_link *shared_link(ic_connection *connection, void (*wake)(void), ic_error *error) {
    const ic_redis_driver *driver = ic_redis_driver_in_use();
    ic_shared_address address = {0};
    if (!driver) {
        ic_error_set(error, IC_ERR_STORE, "the shared Redis needs ironclad/redis.so, which is not loaded");
        return NULL;
    }
    if (!ic_shared_address_parse(connection->settings.shared, &address, error)) return NULL;
    ic_link *link = NULL;
    if (shared_add_certificates(connection, &address))
        link = ic_link_new(driver, &address, wake, error);
    else
        ic_error_memory(error);
    ic_shared_address_clear(&address);
    return link;
}

/* Takes the key over. */
static ic_shared *shared_new(ic_engine *engine, ic_connection *connection, char *key, ic_error *error) {
    ic_shared *shared = ic_calloc(1, sizeof *shared);
    ic_link *link = shared ? shared_link(connection, engine->wake, error) : NULL;
    if (!link) {
        if (!shared) ic_error_memory(error);
        ic_free(shared);
        ic_free_secret(key);
        return NULL;
    }
    *shared = (ic_shared){.engine = engine, .key = key, .link = link, .next = engine->shared};
    engine->shared = shared;
    ic_table_add(&engine->shared_by_key, &shared->node, key);
    return shared;
}

ic_shared *ic_shared_of(ic_engine *engine, ic_connection *connection, ic_error *error) {
    ic_client *client = ic_client_of(engine, connection);
    if (!client) {
        ic_error_memory(error);
        return NULL;
    }
    if (client->shared) return client->shared;
    char *key = shared_key(connection);
    if (!key) {
        ic_error_memory(error);
        return NULL;
    }
    ic_table_node *node = ic_table_find(&engine->shared_by_key, key);
    client->shared = node ? (ic_shared *)node : shared_new(engine, connection, key, error);
    if (node) ic_free_secret(key);
    if (client->shared) client->shared->users++;
    return client->shared;
}

void ic_shared_forget(ic_client *client) {
    if (client->shared) client->shared->users--;
}

void ic_shared_tidy(ic_engine *engine) {
    for (ic_shared **link = &engine->shared, *shared; (shared = *link);) {
        if (shared->users) {
            link = &shared->next;
            continue;
        }
        *link = shared->next;
        shared_free(engine, shared);
    }
}

void ic_shared_free(ic_engine *engine) {
    for (ic_shared *shared; (shared = engine->shared);) {
        engine->shared = shared->next;
        shared_free(engine, shared);
    }
    ic_table_free(&engine->shared_by_key);
    ic_free(engine->shared_polled);
}

/* ---- the loop ---- */

/* Makes room for `count` sockets. False when out of memory. */
static bool shared_make_room(ic_engine *engine, size_t count) {
    if (count <= engine->shared_capacity) return true;
    struct curl_waitfd *more = ic_realloc(engine->shared_polled, count * 2 * sizeof *more);
    if (!more) return false;
    engine->shared_polled = more;
    engine->shared_capacity = count * 2;
    return true;
}

static void shared_shorten(int *wait, double due, double now) {
    double pause = fmax(0, ceil((due - now) * 1000));
    if (pause < *wait) *wait = (int)pause;
}

struct curl_waitfd *ic_shared_watch(ic_engine *engine, struct curl_waitfd *others, unsigned *count,
                                    int *wait) {
    size_t links = 0, at = *count;
    double now = ic_now();
    for (ic_shared *shared = engine->shared; shared; shared = shared->next)
        links++;
    engine->shared_others = NULL;
    if (!links) return others;
    if (!shared_make_room(engine, at + links)) {
        if (*wait > WAIT_WITHOUT_MEMORY) *wait = WAIT_WITHOUT_MEMORY;
        return others;
    }
    if (at) memcpy(engine->shared_polled, others, at * sizeof *others);
    engine->shared_others = others;
    engine->shared_other_count = at;
    for (ic_shared *shared = engine->shared; shared; shared = shared->next) {
        bool reads, writes;
        int descriptor = ic_link_descriptor(shared->link, &reads, &writes);
        shared_shorten(wait, ic_link_due(shared->link), now);
        shared->polled = NULL;
        if (descriptor < 0) continue;
        shared->polled = &engine->shared_polled[at++];
        short events = (short)((reads ? CURL_WAIT_POLLIN : 0) | (writes ? CURL_WAIT_POLLOUT : 0));
        *shared->polled = (struct curl_waitfd){.fd = descriptor, .events = events};
    }
    *count = (unsigned)at;
    return engine->shared_polled;
}

void ic_shared_serve(ic_engine *engine) {
    if (engine->shared_others)
        for (size_t i = 0; i < engine->shared_other_count; i++)
            engine->shared_others[i].revents = engine->shared_polled[i].revents;
    engine->shared_others = NULL;
    for (ic_shared *shared = engine->shared; shared; shared = shared->next) {
        int events = shared->polled ? shared->polled->revents : 0;
        double now = ic_now();
        shared->polled = NULL;
        if (events || ic_link_due(shared->link) <= now)
            ic_link_serve(shared->link, events & CURL_WAIT_POLLIN, events & CURL_WAIT_POLLOUT, now,
                          ic_random());
        shared_count(shared, ic_link_is_up(shared->link));
    }
}
