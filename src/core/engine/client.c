#include "core/engine/client.h"
#include "core/base/alloc.h"
#include <stdint.h>

static size_t client_number(const ic_connection *connection) {
    return (size_t)(uintptr_t)connection;
}

ic_client *ic_client_of(ic_engine *engine, ic_connection *connection) {
    size_t number = client_number(connection);
    ic_client *client = (ic_client *)ic_table_find_number(&engine->clients_by_address, number);
    if (client || !(client = ic_calloc(1, sizeof *client))) return client;
    ic_connection_retain(connection);
    client->connection = connection;
    client->next = engine->clients;
    engine->clients = client;
    ic_table_add_number(&engine->clients_by_address, &client->node, number);
    return client;
}
