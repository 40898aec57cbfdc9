#include "core/engine/socket.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/engine/flow.h"
#include "core/engine/socket_path.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Seconds without accepting anybody when descriptors or memory have run out. */
#define PAUSE 0.1
/* Bytes of a request: an id and a newline. */
#define REQUEST_LIMIT 24

typedef struct visitor {
    int descriptor;
    ic_call *call; /* what it waits for, counted; NULL: nothing now */
    char text[REQUEST_LIMIT];
    size_t length;
} visitor;

typedef struct ic_socket {
    int listener;      /* -1: none */
    double deaf_until; /* ic_now's seconds */
    visitor *visitors;
    size_t count, room;
    /* As polled last: the listener if it was, then the first of the visitors. */
    struct curl_waitfd *polled;
    size_t polled_count;
    bool listened;
} ic_socket;

static void let_go(int descriptor);

/* NULL without memory, and before anybody has opened a socket. */
static ic_socket *socket_of(ic_engine *engine) {
    int listener = ic_socket_take();
    if (listener < 0) return engine->socket;
    if (!engine->socket) {
        engine->socket = ic_calloc(1, sizeof *engine->socket);
        if (engine->socket) engine->socket->listener = -1;
    }
    if (!engine->socket) {
        let_go(listener);
        return NULL;
    }
    if (engine->socket->listener >= 0) let_go(engine->socket->listener);
    engine->socket->listener = listener;
    return engine->socket;
}

static void let_go(int descriptor) {
    ic_process_disown(descriptor);
    close(descriptor);
}

/* The last one takes its place. */
static void dismiss(ic_socket *socket, size_t index) {
    visitor *gone = &socket->visitors[index];
    ic_call_release(gone->call);
    let_go(gone->descriptor);
    *gone = socket->visitors[--socket->count];
}

static bool answer(visitor *who) {
    ic_call_release(who->call);
    who->call = NULL;
    return send(who->descriptor, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

static bool make_room(ic_socket *socket) {
    if (socket->count < socket->room) return true;
    size_t room = socket->room ? socket->room * 2 : 64;
    visitor *visitors = ic_realloc(socket->visitors, room * sizeof *visitors);
    if (!visitors) return false;
    socket->visitors = visitors;
    struct curl_waitfd *polled = ic_realloc(socket->polled, (room + 1) * sizeof *polled);
    if (!polled) return false;
    socket->polled = polled;
    socket->room = room;
    return true;
}

/* Descriptors have run out: those that wait for nothing give theirs back, on both sides. */
static void dismiss_idle(ic_socket *socket) {
    for (size_t i = socket->count; i-- > 0;)
        if (!socket->visitors[i].call && !socket->visitors[i].length) dismiss(socket, i);
}

static void admit(ic_socket *socket) {
    while (make_room(socket)) {
        int descriptor = accept4(socket->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) return;
        if (descriptor < 0 || !ic_process_adopt(descriptor)) {
            if (descriptor >= 0) close(descriptor);
            dismiss_idle(socket);
            break;
        }
        socket->visitors[socket->count++] = (visitor){.descriptor = descriptor};
    }
    socket->deaf_until = ic_now() + PAUSE;
}

struct curl_waitfd *ic_socket_watch(ic_engine *engine, unsigned *count, int *wait) {
    ic_socket *socket = socket_of(engine);
    *count = 0;
    if (!socket) return NULL;
    for (size_t i = socket->count; i-- > 0;) {
        visitor *who = &socket->visitors[i];
        if (who->call && (ic_call_has_pending(who->call) || ic_mailbox_is_urgent(who->call->mailbox)) &&
            !answer(who))
            dismiss(socket, i);
    }
    double now = ic_now();
    bool deaf = now < socket->deaf_until;
    if (deaf && *wait > PAUSE * 1000) *wait = (int)(PAUSE * 1000);
    /* Without room there is no visitor yet, and the listener is looked at again after the pause. */
    if (!make_room(socket) && !socket->polled) {
        socket->deaf_until = now + PAUSE;
        *wait = (int)(PAUSE * 1000);
        return NULL;
    }
    struct curl_waitfd *at = socket->polled;
    socket->listened = socket->listener >= 0 && !deaf;
    if (socket->listened) *at++ = (struct curl_waitfd){.fd = socket->listener, .events = CURL_WAIT_POLLIN};
    for (size_t i = 0; i < socket->count; i++)
        *at++ = (struct curl_waitfd){.fd = socket->visitors[i].descriptor, .events = CURL_WAIT_POLLIN};
    socket->polled_count = socket->count;
    *count = (unsigned)(at - socket->polled);
    return socket->polled;
}

/* False: the connection is to be closed. */
static bool understand(ic_engine *engine, visitor *who) {
    char *end;
    if (who->text[who->length - 1] != '\n') return who->length < REQUEST_LIMIT;
    who->text[who->length - 1] = '\0';
    unsigned long id = strtoul(who->text, &end, 10);
    if (*end || end == who->text) return false;
    who->length = 0;
    who->call = ic_flow_find(engine, id);
    if (!who->call) return answer(who);
    ic_call_retain(who->call);
    return true;
}

/* The same. */
static bool hear(ic_engine *engine, visitor *who) {
    ssize_t count = recv(who->descriptor, who->text + who->length, REQUEST_LIMIT - who->length, MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0 || who->call) return false;
    who->length += (size_t)count;
    return understand(engine, who);
}

void ic_socket_serve(ic_engine *engine) {
    ic_socket *socket = engine->socket;
    if (!socket || !socket->polled) return;
    bool knocked = socket->listened && socket->polled[0].revents;
    struct curl_waitfd *polled = socket->polled + socket->listened;
    for (size_t i = socket->polled_count; i-- > 0;) {
        visitor *who = &socket->visitors[i];
        if (!polled[i].revents || hear(engine, who)) continue;
        if (who->call) ic_flow_abandon(engine, who->call);
        dismiss(socket, i);
    }
    socket->polled_count = 0;
    socket->listened = false;
    if (knocked) admit(socket);
}

void ic_socket_close(ic_engine *engine) {
    ic_socket *socket = socket_of(engine);
    ic_socket_remove();
    if (!socket) return;
    while (socket->count)
        dismiss(socket, socket->count - 1);
    if (socket->listener >= 0) let_go(socket->listener);
    ic_free(socket->visitors);
    ic_free(socket->polled);
    ic_free(socket);
    engine->socket = NULL;
}
