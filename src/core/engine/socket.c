/* The clients of the engine's unix socket: accepted, read and notified between two polls. */
#include "core/engine/socket.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "core/base/process.h"
#include "core/engine/flow.h"
#include "core/engine/socket_path.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Seconds without accepting a client when descriptors or memory have run out. */
#define PAUSE 0.1
/* Bytes of a request: an id and a newline. */
#define REQUEST_LIMIT 24

typedef struct client {
    int descriptor;
    ic_call *call; /* that it waits for, or holds, retained; NULL: none now */
    bool holds;    /* the call ends with the connection also when it does not wait */
    bool waits;    /* for its byte */
    char text[REQUEST_LIMIT];
    size_t length;
} client;

typedef struct ic_socket {
    int listener;        /* -1: none */
    double paused_until; /* ic_now's seconds; until then no client is accepted */
    int spare; /* a descriptor that is given up to refuse a client when no other is left; -1: none */
    client *clients;
    size_t count, capacity;
    /* As polled last: the caller's own, the listener if it was, then the first of the clients. */
    struct curl_waitfd *polled;
    size_t polled_count;
    bool listener_polled;
} ic_socket;

static void socket_close_descriptor(int descriptor) {
    ic_process_unregister(descriptor);
    close(descriptor);
}

/* Opens the spare descriptor unless it is there. It may fail, and is tried again before the next wait. */
static void socket_keep_spare(ic_socket *socket) {
    if (socket->spare >= 0 || (socket->spare = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) return;
    if (ic_process_register(socket->spare)) return;
    close(socket->spare);
    socket->spare = -1;
}

/* The engine's socket, with the listener that has been opened last. NULL when out of memory, or while none
 * was opened. */
static ic_socket *socket_of(ic_engine *engine) {
    int listener = ic_socket_take();
    if (listener < 0) return engine->socket;
    if (!engine->socket) {
        engine->socket = ic_calloc(1, sizeof *engine->socket);
        if (engine->socket) engine->socket->listener = engine->socket->spare = -1;
    }
    if (!engine->socket) {
        socket_close_descriptor(listener);
        return NULL;
    }
    if (engine->socket->listener >= 0) socket_close_descriptor(engine->socket->listener);
    engine->socket->listener = listener;
    socket_keep_spare(engine->socket);
    return engine->socket;
}

static bool socket_make_room(ic_socket *socket) {
    if (socket->count < socket->capacity) return true;
    size_t capacity = socket->capacity ? socket->capacity * 2 : 64;
    client *clients = ic_realloc(socket->clients, capacity * sizeof *clients);
    if (!clients) return false;
    socket->clients = clients;
    struct curl_waitfd *polled = ic_realloc(socket->polled, (capacity + 2) * sizeof *polled);
    if (!polled) return false;
    socket->polled = polled;
    socket->capacity = capacity;
    return true;
}

/* The last client moves to its index. */
static void socket_close_client(ic_socket *socket, size_t index) {
    client *closed = &socket->clients[index];
    ic_call_release(closed->call);
    socket_close_descriptor(closed->descriptor);
    *closed = socket->clients[--socket->count];
}

/* When descriptors have run out, closes the clients that wait for nothing. That frees one descriptor here and
 * one in the client, which is nginx in the same process. */
static void socket_close_idle(ic_socket *socket) {
    for (size_t i = socket->count; i-- > 0;)
        if (!socket->clients[i].call && !socket->clients[i].length) socket_close_client(socket, i);
}

/* The kernel closes all clients that were not accepted. The next call of a host opens another socket. */
static void socket_close_listener(ic_socket *socket) {
    ic_socket_remove();
    socket_close_descriptor(socket->listener);
    socket->listener = -1;
}

/* Descriptors have run out, so the clients that wait for nothing are closed. The next client is accepted and
 * closed at once: it would otherwise wait for an answer that cannot come, and nginx, in the same process,
 * keeps its own descriptors until then. Another thread may take the spare descriptor just before it is used:
 * then nobody can be accepted, and the listener is closed. A client that is refused polls its call. */
static void socket_refuse(ic_socket *socket) {
    socket_close_idle(socket);
    if (socket->spare >= 0) socket_close_descriptor(socket->spare);
    socket->spare = -1;
    int descriptor = ic_accept(socket->listener);
    if (descriptor >= 0)
        close(descriptor);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        socket_close_listener(socket);
    socket_keep_spare(socket);
}

static void socket_accept(ic_socket *socket) {
    while (socket_make_room(socket)) {
        int descriptor = ic_accept(socket->listener);
        if (descriptor < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) return;
        if (descriptor < 0 || !ic_process_register(descriptor)) {
            if (descriptor >= 0) close(descriptor);
            socket_refuse(socket);
            break;
        }
        socket->clients[socket->count++] = (client){.descriptor = descriptor};
    }
    socket->paused_until = ic_now() + PAUSE;
}

static void socket_client_drop(client *client) {
    ic_call_release(client->call);
    client->call = NULL;
}

/* False: the client must be closed. */
static bool socket_client_notify(client *client) {
    client->waits = false;
    if (!client->holds) socket_client_drop(client);
    return ic_send(client->descriptor, "\n", 1) == 1;
}

/* The same. */
static bool socket_client_parse(ic_engine *engine, client *client) {
    char *end;
    if (client->text[client->length - 1] != '\n') return client->length < REQUEST_LIMIT;
    client->text[client->length - 1] = '\0';
    unsigned long id = strtoul(client->text, &end, 10);
    bool holds = *end == '+';
    if (end == client->text || strcmp(end, holds ? "+" : "") != 0) return false;
    client->length = 0;
    socket_client_drop(client);
    client->holds = holds;
    client->waits = true;
    client->call = ic_flow_find(engine, id);
    if (!client->call) return socket_client_notify(client);
    ic_call_retain(client->call);
    return true;
}

/* The same. */
static bool socket_client_read(ic_engine *engine, client *client) {
    ssize_t count =
        recv(client->descriptor, client->text + client->length, REQUEST_LIMIT - client->length, MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0 || client->waits) return false;
    client->length += (size_t)count;
    return socket_client_parse(engine, client);
}

static bool socket_client_has_pending(const client *client) {
    return client->waits &&
           (ic_call_has_pending(client->call) || ic_mailbox_is_urgent(client->call->mailbox));
}

struct curl_waitfd *ic_socket_watch(ic_engine *engine, struct curl_waitfd *own, unsigned *count, int *wait) {
    ic_socket *socket = engine->socket;
    *count = 1;
    if (!socket) return own;
    for (size_t i = socket->count; i-- > 0;) {
        client *client = &socket->clients[i];
        if (client->call && !client->waits && ic_call_done(client->call)) socket_client_drop(client);
        if (socket_client_has_pending(client) && !socket_client_notify(client))
            socket_close_client(socket, i);
    }
    double now = ic_now();
    bool paused = now < socket->paused_until;
    if (paused && *wait > PAUSE * 1000) *wait = (int)(PAUSE * 1000);
    /* When out of memory there may be no client yet, and the listener is polled again after the pause. */
    if (!socket_make_room(socket) && !socket->polled) {
        socket->paused_until = now + PAUSE;
        *wait = (int)(PAUSE * 1000);
        return own;
    }
    struct curl_waitfd *at = socket->polled;
    *at++ = *own;
    socket->listener_polled = socket->listener >= 0 && !paused;
    if (socket->listener_polled)
        *at++ = (struct curl_waitfd){.fd = socket->listener, .events = CURL_WAIT_POLLIN};
    for (size_t i = 0; i < socket->count; i++)
        *at++ = (struct curl_waitfd){.fd = socket->clients[i].descriptor, .events = CURL_WAIT_POLLIN};
    socket->polled_count = socket->count;
    *count = (unsigned)(at - socket->polled);
    return socket->polled;
}

/* The listener is taken here, and not where it is polled: an engine without a socket may rest, and polls
 * nothing (ic_engine_is_restful). A listener that comes later wakes the engine. */
void ic_socket_serve(ic_engine *engine) {
    ic_socket *socket = socket_of(engine);
    if (!socket || !socket->polled) return;
    bool pending = socket->listener_polled && socket->polled[1].revents;
    struct curl_waitfd *polled = socket->polled + 1 + socket->listener_polled;
    for (size_t i = socket->polled_count; i-- > 0;) {
        client *client = &socket->clients[i];
        if (!polled[i].revents || socket_client_read(engine, client)) continue;
        if (client->call) ic_flow_abandon(engine, client->call);
        socket_close_client(socket, i);
    }
    socket->polled_count = 0;
    socket->listener_polled = false;
    socket_keep_spare(socket);
    if (pending) socket_accept(socket);
}

void ic_socket_close(ic_engine *engine) {
    ic_socket *socket = socket_of(engine);
    ic_socket_remove();
    if (!socket) return;
    while (socket->count)
        socket_close_client(socket, socket->count - 1);
    if (socket->listener >= 0) socket_close_descriptor(socket->listener);
    if (socket->spare >= 0) socket_close_descriptor(socket->spare);
    ic_free(socket->clients);
    ic_free(socket->polled);
    ic_free(socket);
    engine->socket = NULL;
}
