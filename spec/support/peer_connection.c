#include "spec/support/peer_connection.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

void *ic_peer_need(void *block) {
    if (!block) abort();
    return block;
}

text ic_peer_copy_text(const char *data, size_t length) {
    text copy = {ic_peer_need(malloc(length + 1)), length};
    if (length) memcpy(copy.data, data, length);
    copy.data[length] = '\0';
    return copy;
}

/* ---- Bytes in and out. Every wait also ends when the server is stopping. ---- */

bool ic_peer_await_socket(const connection *c, short events, int limit) {
    struct pollfd fds[] = {{.fd = c->peer->acceptor.stopping, .events = POLLIN},
                           {.fd = c->socket, .events = events}};
    while (poll(fds, events ? 2 : 1, limit) < 0 && errno == EINTR)
        ;
    return !fds[0].revents;
}

bool ic_peer_await_retry(const connection *c, long result, short events) {
    if (c->tls) {
        int reason = SSL_get_error(c->tls, (int)result);
        if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) return false;
        events = reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    } else if (result == 0 || (errno != EAGAIN && errno != EINTR)) {
        return false;
    }
    return ic_peer_await_socket(c, events, -1);
}

size_t ic_peer_receive(connection *c, char *into, size_t room) {
    long got;
    do
        got = c->tls ? SSL_read(c->tls, into, (int)room) : recv(c->socket, into, room, 0);
    while (got <= 0 && ic_peer_await_retry(c, got, POLLIN));
    return got > 0 ? (size_t)got : 0;
}

bool ic_peer_transmit(connection *c, const char *from, size_t length) {
    while (length) {
        int piece = length < (1 << 20) ? (int)length : 1 << 20;
        long sent = c->tls ? SSL_write(c->tls, from, piece) : send(c->socket, from, piece, MSG_NOSIGNAL);
        if (sent > 0) {
            from += sent;
            length -= (size_t)sent;
        } else if (!ic_peer_await_retry(c, sent, POLLOUT)) {
            return false;
        }
    }
    return true;
}

bool ic_peer_transmit_repeated(connection *c, const text *unit, size_t times) {
    size_t batch = unit->length && unit->length < 65536 ? 65536 / unit->length : 1;
    char *block = ic_peer_need(malloc(batch * unit->length + 1));
    for (size_t i = 0; i < batch; i++)
        memcpy(block + i * unit->length, unit->data, unit->length);
    bool going = true;
    for (; times && going; times -= batch) {
        if (batch > times) batch = times;
        going = ic_peer_transmit(c, block, batch * unit->length) && ic_peer_await_socket(c, 0, 0);
    }
    free(block);
    return going;
}

bool ic_peer_transmit_slowly(connection *c, const text *piece, int pause) {
    bool going = true;
    for (size_t i = 0; going && i < piece->length; i++)
        going = ic_peer_transmit(c, piece->data + i, 1) && ic_peer_await_socket(c, 0, pause);
    return going;
}

/* ---- Requests ---- */

/* Receives until the buffer holds `wanted` bytes. */
static bool fill(connection *c, size_t wanted) {
    while (c->used < wanted) {
        if (c->capacity - c->used < 16384) {
            c->capacity = c->capacity * 2 + 32768;
            c->buffer = ic_peer_need(realloc(c->buffer, c->capacity));
        }
        size_t got = ic_peer_receive(c, c->buffer + c->used, c->capacity - c->used);
        if (!got) return false;
        c->used += got;
    }
    return true;
}

/* Receives until `mark` is found at or after `at`; *end is the offset after it. */
static bool fill_until(connection *c, size_t at, const char *mark, size_t *end) {
    for (;;) {
        const char *found = c->used > at ? memmem(c->buffer + at, c->used - at, mark, strlen(mark)) : NULL;
        if (found) return *end = (size_t)(found - c->buffer) + strlen(mark), true;
        if (!fill(c, (c->used > at ? c->used : at) + 1)) return false;
    }
}

/* The value of a field, up to its CR; NULL when the head has none of that name. */
static const char *field_value(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, length) && line[2 + length] == ':')
            return line + 3 + length + strspn(line + 3 + length, " \t");
    return NULL;
}

/* Decodes a chunked body (RFC 9112, 7.1, but no trailers) from `at` on; *end is the offset after it. */
static bool read_chunks(connection *c, size_t at, text *body, size_t *end) {
    for (size_t size = 1; size; at += size + 2) {
        size_t line = at;
        if (!fill_until(c, line, "\r\n", &at)) return false;
        size = strtoul(c->buffer + line, NULL, 16);
        if (!fill(c, at + size + 2)) return false;
        body->data = ic_peer_need(realloc(body->data, body->length + size + 1));
        memcpy(body->data + body->length, c->buffer + at, size);
        body->length += size;
        body->data[body->length] = '\0';
    }
    *end = at;
    return true;
}

/* Takes bytes from the front of the buffer. */
static void drop(connection *c, size_t length) {
    memmove(c->buffer, c->buffer + length, c->used - length);
    c->used -= length;
}

/* Takes ownership of the head and of the body's data. */
static void record_request(connection *c, char *head, text body) {
    ic_peer_request *request = ic_peer_need(calloc(1, sizeof *request));
    request->head = head;
    request->body = body.data;
    request->length = body.length;
    request->connection = c->index;
    ic_peer *peer = c->peer;
    pthread_mutex_lock(&peer->lock);
    *peer->last = request;
    peer->last = &request->next;
    c->arrival = ++peer->request_count;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

bool ic_peer_read_request(connection *c) {
    size_t head_end, end;
    if (!fill_until(c, 0, "\r\n\r\n", &head_end)) return false;
    char *head = ic_peer_copy_text(c->buffer, head_end).data;
    const char *coding = field_value(head, "transfer-encoding"), *size = field_value(head, "content-length");
    text body = {0};
    bool whole;
    if (coding && !strncasecmp(coding, "chunked", 7)) {
        whole = read_chunks(c, head_end, &body, &end);
    } else {
        size_t length = size ? strtoul(size, NULL, 10) : 0;
        end = head_end + length;
        whole = fill(c, end);
        if (whole) body = ic_peer_copy_text(c->buffer + head_end, length);
    }
    if (!whole) return free(head), free(body.data), false;
    drop(c, end);
    record_request(c, head, body);
    return true;
}

bool ic_peer_read_frames(connection *c) {
    enum { PREFACE = 24, FRAME_HEAD = 9, DATA = 0, HEADERS = 1, END_STREAM = 1 };
    text body = ic_peer_copy_text("", 0);
    if (!c->framed && fill(c, PREFACE)) drop(c, PREFACE);
    c->framed = true;
    while (fill(c, FRAME_HEAD)) {
        const unsigned char *head = (const unsigned char *)c->buffer;
        size_t length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        unsigned type = head[3], flags = head[4];
        unsigned stream =
            (head[5] & 0x7fu) << 24 | (unsigned)head[6] << 16 | (unsigned)head[7] << 8 | head[8];
        if (!fill(c, FRAME_HEAD + length)) break;
        if (type == DATA) {
            body.data = ic_peer_need(realloc(body.data, body.length + length + 1));
            memcpy(body.data + body.length, c->buffer + FRAME_HEAD, length);
            body.length += length;
            body.data[body.length] = '\0';
        }
        drop(c, FRAME_HEAD + length);
        if ((type != DATA && type != HEADERS) || !(flags & END_STREAM)) continue;
        char line[64];
        snprintf(line, sizeof line, "H2 /%u HTTP/2\r\n\r\n", stream);
        record_request(c, ic_peer_copy_text(line, strlen(line)).data, body);
        return true;
    }
    free(body.data);
    return false;
}
