/* A connection whose only owner is its client is unused: no Lua object and no call refers to it, and none
 * ever will. The engine is not notified when this happens, so it searches all clients: TIDY_AFTER seconds
 * after calls have ended, and whenever the number of clients has doubled. The doubling keeps the average cost
 * of a new connection constant. */
#include "core/engine/clients.h"
#include "core/base/alloc.h"
#include "core/engine/client.h"
#include "core/engine/queues.h"
#include "core/engine/shared.h"
#include "core/engine/token_queue.h"
#include "core/engine/transfer.h"

#define TIDY_AFTER 61.0 /* seconds after a call's end: a little more than a rate limit looks back */
#define LIMIT_MIN  128  /* clients */

static void client_free(ic_engine *engine, ic_client *client) {
    ic_table_remove(&engine->clients_by_address, &client->node);
    ic_transfers_forget(engine, client);
    ic_token_queue_forget(client);
    ic_queues_forget(client);
    ic_shared_forget(client);
    ic_connection_release(client->connection);
    ic_free(client);
}

static void clients_on_timer(void *engine, void *owner, double now) {
    (void)owner, (void)now;
    ((ic_engine *)engine)->tidy_due = true;
}

bool ic_clients_init(ic_engine *engine) {
    engine->tidy_timer = (ic_timer){.fire = clients_on_timer};
    engine->clients_limit = LIMIT_MIN;
    return ic_timers_reserve(&engine->timers);
}

void ic_clients_note_end(ic_engine *engine, double now) {
    if (!engine->tidy_timer.index) ic_timer_set(&engine->timers, &engine->tidy_timer, now + TIDY_AFTER);
}

void ic_clients_tidy(ic_engine *engine, double now) {
    if (engine->tidy_due) ic_transfers_forget(engine, NULL);
    if (!engine->tidy_due && engine->clients_by_address.count < engine->clients_limit) return;
    engine->tidy_due = false;
    for (ic_client **link = &engine->clients, *client; (client = *link);) {
        if (!ic_connection_has_one_owner(client->connection)) {
            link = &client->next;
            continue;
        }
        *link = client->next;
        client_free(engine, client);
    }
    ic_token_queue_tidy(engine, now);
    ic_queues_tidy(engine, now);
    ic_shared_tidy(engine);
    size_t doubled = engine->clients_by_address.count * 2;
    engine->clients_limit = doubled > LIMIT_MIN ? doubled : LIMIT_MIN;
}

void ic_clients_free(ic_engine *engine) {
    for (ic_client *client; (client = engine->clients);) {
        engine->clients = client->next;
        client_free(engine, client);
    }
    ic_table_free(&engine->clients_by_address);
}
