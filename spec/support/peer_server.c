#include "spec/support/peer_server.h"
#include "spec/support/acceptor.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AWAIT_SECONDS 60 /* a request that has not come by then will not come */

typedef enum step_kind {
    READ,
    FRAMES,
    SEND,
    REPEAT,
    DRIP,
    ANSWER,
    GATE,
    HANG,
    SHUTDOWN,
    CLOSE,
    RESET,
    LOOP
} step_kind;

static const struct step_rule {
    const char *name;
    bool bytes, number; /* what follows the name in a script */
} step_rules[] = {
    [READ] = {"read", false, false},     /* one whole request; the script ends when the other side closes */
    [FRAMES] = {"frames", false, false}, /* HTTP/2 frames up to one that ends a stream; see read_frames */
    [SEND] = {"send", true, false},      /* the bytes */
    [REPEAT] = {"repeat", true, true},   /* the bytes, that many times */
    [DRIP] = {"drip", true, true},       /* byte by byte, with a pause of that many milliseconds */
    [ANSWER] = {"answer", false, false}, /* the answer that belongs to the request just read */
    [GATE] = {"gate", false, false},     /* waits for a release of its own */
    [HANG] = {"hang", false, false},     /* reads and forgets until the other side closes */
    [SHUTDOWN] = {"shutdown", false, false}, /* sends no more, goes on with the script */
    [CLOSE] = {"close", false, false},       [RESET] = {"reset", false, false}, /* closes by RST */
    [LOOP] = {"loop", false, false}, /* from the first step again */
};

typedef struct text {
    char *data; /* owned, NUL-terminated */
    size_t length;
} text;

typedef struct step {
    step_kind kind;
    text text;
    long number;
} step;

typedef struct script {
    step *steps;
    size_t count;
} script;

typedef struct connection {
    struct connection *next;
    ic_peer *peer;
    const script *script;
    size_t index;
    pthread_t thread;
    int socket;
    SSL *tls;
    bool framed;  /* HTTP/2's preface has been read */
    char *buffer; /* received, not yet taken */
    size_t used, capacity;
    size_t arrival; /* number of the request read last, over all connections */
} connection;

struct ic_peer {
    script *scripts;
    text *answers;
    size_t script_count, answer_count;
    SSL_CTX *tls;
    ic_acceptor acceptor;
    pid_t owner;             /* threads do not survive a fork: a child never joins them */
    connection *connections; /* the acceptor's thread's, until it is stopped */
    pthread_mutex_t lock;    /* guards what follows */
    pthread_cond_t changed;
    const ic_peer_request *requests, **last;
    size_t request_count, accepted, released;
    bool stopped;
};

static void *need(void *block) {
    if (!block) abort();
    return block;
}

static text copy_text(const char *data, size_t length) {
    text copy = {need(malloc(length + 1)), length};
    if (length) memcpy(copy.data, data, length);
    copy.data[length] = '\0';
    return copy;
}

/* ---- The plan ---- */

ic_peer *ic_peer_new(void) {
    ic_peer *peer = need(calloc(1, sizeof *peer));
    peer->acceptor = IC_ACCEPTOR_CLOSED;
    peer->owner = getpid();
    peer->last = &peer->requests;
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->changed, NULL);
    return peer;
}

void ic_peer_add_script(ic_peer *peer) {
    peer->scripts = need(realloc(peer->scripts, (peer->script_count + 1) * sizeof *peer->scripts));
    peer->scripts[peer->script_count++] = (script){0};
}

const char *ic_peer_add_step(ic_peer *peer, const char *name, const char *bytes, size_t length, long number) {
    size_t kind = 0, kinds = sizeof step_rules / sizeof *step_rules;
    while (kind < kinds && strcmp(step_rules[kind].name, name))
        kind++;
    if (kind == kinds) return "no such step";
    if (step_rules[kind].bytes && !bytes) return "a string is missing";
    if (step_rules[kind].number && number < 0) return "a number is missing";
    script *play = &peer->scripts[peer->script_count - 1];
    play->steps = need(realloc(play->steps, (play->count + 1) * sizeof *play->steps));
    step *added = &play->steps[play->count++];
    *added = (step){.kind = (step_kind)kind, .number = number};
    if (step_rules[kind].bytes) added->text = copy_text(bytes, length);
    return NULL;
}

void ic_peer_add_answer(ic_peer *peer, const char *bytes, size_t length) {
    peer->answers = need(realloc(peer->answers, (peer->answer_count + 1) * sizeof *peer->answers));
    peer->answers[peer->answer_count++] = copy_text(bytes, length);
}

bool ic_peer_use_tls(ic_peer *peer, const char *certificate, const char *key, bool old) {
    SSL_CTX *tls = peer->tls = need(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        return false;
    /* Security level 2, Debian's, knows nothing before TLS 1.2. */
    return !old || (SSL_CTX_set_cipher_list(tls, "ALL:@SECLEVEL=0") &&
                    SSL_CTX_set_min_proto_version(tls, TLS1_VERSION) &&
                    SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION));
}

bool ic_peer_want_clients_of(ic_peer *peer, const char *authorities) {
    SSL_CTX_set_verify(peer->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return SSL_CTX_load_verify_locations(peer->tls, authorities, NULL) == 1;
}

/* ---- Bytes in and out. Every wait also ends when the server is stopping. ---- */

/* Waits for `events`; without events, for `limit` milliseconds (-1 with events). False: the server stops. */
static bool await_socket(const connection *c, short events, int limit) {
    struct pollfd fds[] = {{.fd = c->peer->acceptor.stopping, .events = POLLIN},
                           {.fd = c->socket, .events = events}};
    while (poll(fds, events ? 2 : 1, limit) < 0 && errno == EINTR)
        ;
    return !fds[0].revents;
}

/* After a transfer that moved nothing: waits until it can be tried again. False: it cannot. */
static bool again(const connection *c, long result, short events) {
    if (c->tls) {
        int reason = SSL_get_error(c->tls, (int)result);
        if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) return false;
        events = reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    } else if (result == 0 || (errno != EAGAIN && errno != EINTR)) {
        return false;
    }
    return await_socket(c, events, -1);
}

/* 0: the other side has closed, something broke, or the server is stopping. */
static size_t receive(connection *c, char *into, size_t room) {
    long got;
    do
        got = c->tls ? SSL_read(c->tls, into, (int)room) : recv(c->socket, into, room, 0);
    while (got <= 0 && again(c, got, POLLIN));
    return got > 0 ? (size_t)got : 0;
}

static bool transmit(connection *c, const char *from, size_t length) {
    while (length) {
        int piece = length < (1 << 20) ? (int)length : 1 << 20;
        long sent = c->tls ? SSL_write(c->tls, from, piece) : send(c->socket, from, piece, MSG_NOSIGNAL);
        if (sent > 0) {
            from += sent;
            length -= (size_t)sent;
        } else if (!again(c, sent, POLLOUT)) {
            return false;
        }
    }
    return true;
}

static bool transmit_repeated(connection *c, const text *unit, size_t times) {
    size_t batch = unit->length && unit->length < 65536 ? 65536 / unit->length : 1;
    char *block = need(malloc(batch * unit->length + 1));
    for (size_t i = 0; i < batch; i++)
        memcpy(block + i * unit->length, unit->data, unit->length);
    bool going = true;
    for (; times && going; times -= batch) {
        if (batch > times) batch = times;
        going = transmit(c, block, batch * unit->length) && await_socket(c, 0, 0);
    }
    free(block);
    return going;
}

static bool transmit_slowly(connection *c, const text *piece, int pause) {
    bool going = true;
    for (size_t i = 0; going && i < piece->length; i++)
        going = transmit(c, piece->data + i, 1) && await_socket(c, 0, pause);
    return going;
}

/* ---- Requests ---- */

/* Receives until the buffer holds `wanted` bytes. */
static bool fill(connection *c, size_t wanted) {
    while (c->used < wanted) {
        if (c->capacity - c->used < 16384) {
            c->capacity = c->capacity * 2 + 32768;
            c->buffer = need(realloc(c->buffer, c->capacity));
        }
        size_t got = receive(c, c->buffer + c->used, c->capacity - c->used);
        if (!got) return false;
        c->used += got;
    }
    return true;
}

/* Receives until `mark` stands somewhere from `at` on; *end is the offset behind it. */
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

/* Decodes a chunked body (RFC 9112, 7.1, but no trailers) from `at` on; *end is the offset behind it. */
static bool read_chunks(connection *c, size_t at, text *body, size_t *end) {
    for (size_t size = 1; size; at += size + 2) {
        size_t line = at;
        if (!fill_until(c, line, "\r\n", &at)) return false;
        size = strtoul(c->buffer + line, NULL, 16);
        if (!fill(c, at + size + 2)) return false;
        body->data = need(realloc(body->data, body->length + size + 1));
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
    ic_peer_request *request = need(calloc(1, sizeof *request));
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

static bool read_request(connection *c) {
    size_t head_end, end;
    if (!fill_until(c, 0, "\r\n\r\n", &head_end)) return false;
    char *head = copy_text(c->buffer, head_end).data;
    const char *coding = field_value(head, "transfer-encoding"), *size = field_value(head, "content-length");
    text body = {0};
    bool whole;
    if (coding && !strncasecmp(coding, "chunked", 7)) {
        whole = read_chunks(c, head_end, &body, &end);
    } else {
        size_t length = size ? strtoul(size, NULL, 10) : 0;
        end = head_end + length;
        whole = fill(c, end);
        if (whole) body = copy_text(c->buffer + head_end, length);
    }
    if (!whole) return free(head), free(body.data), false;
    drop(c, end);
    record_request(c, head, body);
    return true;
}

/* HTTP/2 without TLS (RFC 9113, 3.4 and 4.1). The request that is recorded has the line "H2 /<number of the
 * stream>" and no fields, which are compressed; its body is what came in DATA frames. */
static bool read_frames(connection *c) {
    enum { PREFACE = 24, FRAME_HEAD = 9, DATA = 0, HEADERS = 1, END_STREAM = 1 };
    text body = copy_text("", 0);
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
            body.data = need(realloc(body.data, body.length + length + 1));
            memcpy(body.data + body.length, c->buffer + FRAME_HEAD, length);
            body.length += length;
            body.data[body.length] = '\0';
        }
        drop(c, FRAME_HEAD + length);
        if ((type != DATA && type != HEADERS) || !(flags & END_STREAM)) continue;
        char line[64];
        snprintf(line, sizeof line, "H2 /%u HTTP/2\r\n\r\n", stream);
        record_request(c, copy_text(line, strlen(line)).data, body);
        return true;
    }
    free(body.data);
    return false;
}

/* ---- A connection's thread ---- */

static bool pass_gate(ic_peer *peer) {
    pthread_mutex_lock(&peer->lock);
    while (!peer->released && !peer->stopped)
        pthread_cond_wait(&peer->changed, &peer->lock);
    bool open = peer->released > 0;
    if (open) peer->released--;
    pthread_mutex_unlock(&peer->lock);
    return open;
}

static bool transmit_answer(connection *c) {
    const ic_peer *peer = c->peer;
    size_t n = c->arrival < peer->answer_count ? c->arrival : peer->answer_count;
    return n && transmit(c, peer->answers[n - 1].data, peer->answers[n - 1].length);
}

/* False: the script is over. */
static bool take_step(connection *c, const step *s) {
    char ignored[16384];
    switch (s->kind) {
    case READ: return read_request(c);
    case FRAMES: return read_frames(c);
    case SEND: return transmit(c, s->text.data, s->text.length);
    case REPEAT: return transmit_repeated(c, &s->text, (size_t)s->number);
    case DRIP: return transmit_slowly(c, &s->text, (int)s->number);
    case ANSWER: return transmit_answer(c);
    case GATE: return pass_gate(c->peer);
    case HANG:
        while (receive(c, ignored, sizeof ignored))
            ;
        return false;
    case SHUTDOWN:
        if (c->tls) SSL_shutdown(c->tls);
        return !shutdown(c->socket, SHUT_WR);
    case RESET:
        if (c->tls) SSL_set_quiet_shutdown(c->tls, 1);
        setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        /* fall through */
    case CLOSE: return false;
    case LOOP: return true;
    }
    return false;
}

static bool handshake(connection *c) {
    if (!c->peer->tls) return true;
    c->tls = need(SSL_new(c->peer->tls));
    SSL_set_fd(c->tls, c->socket);
    int result;
    while ((result = SSL_accept(c->tls)) <= 0 && again(c, result, POLLIN))
        ;
    if (result > 0) return true;
    /* With TLS 1.3 the client may have sent its request already. If that is not read, its system drops the
     * alert that says why the handshake has failed. */
    char ignored[1024];
    shutdown(c->socket, SHUT_WR);
    while (await_socket(c, POLLIN, -1) && recv(c->socket, ignored, sizeof ignored, 0) > 0)
        ;
    return false;
}

static void *serve(void *argument) {
    connection *c = argument;
    const script *play = c->script;
    bool going = handshake(c);
    for (size_t i = 0; going && i < play->count; i = play->steps[i].kind == LOOP ? 0 : i + 1)
        going = take_step(c, &play->steps[i]) && await_socket(c, 0, 0);
    if (c->tls && SSL_is_init_finished(c->tls)) SSL_shutdown(c->tls);
    SSL_free(c->tls);
    close(c->socket);
    free(c->buffer);
    return NULL;
}

/* ---- The start and the end ---- */

static void start_connection(void *owner, int socket) {
    ic_peer *peer = owner;
    connection *c = need(calloc(1, sizeof *c));
    pthread_mutex_lock(&peer->lock);
    c->index = ++peer->accepted;
    pthread_mutex_unlock(&peer->lock);
    c->peer = peer;
    c->socket = socket;
    c->script = &peer->scripts[(c->index < peer->script_count ? c->index : peer->script_count) - 1];
    if (pthread_create(&c->thread, NULL, serve, c)) abort();
    c->next = peer->connections;
    peer->connections = c;
}

const char *ic_peer_start(ic_peer *peer) {
    return ic_acceptor_start(&peer->acceptor, start_connection, peer);
}

/* What was recorded stays readable. */
void ic_peer_stop(ic_peer *peer) {
    if (peer->acceptor.running && peer->owner == getpid()) {
        pthread_mutex_lock(&peer->lock);
        peer->stopped = true;
        pthread_cond_broadcast(&peer->changed);
        pthread_mutex_unlock(&peer->lock);
        ic_acceptor_stop(&peer->acceptor);
        for (connection *c = peer->connections, *next; c; c = next) {
            next = c->next;
            pthread_join(c->thread, NULL);
            free(c);
        }
        peer->connections = NULL;
    }
    peer->acceptor.running = false;
    ic_acceptor_close(&peer->acceptor);
}

/* ---- From outside ---- */

int ic_peer_port(const ic_peer *peer) {
    return peer->acceptor.port;
}

static size_t read_count(ic_peer *peer, const size_t *count) {
    pthread_mutex_lock(&peer->lock);
    size_t value = *count;
    pthread_mutex_unlock(&peer->lock);
    return value;
}

size_t ic_peer_connections(ic_peer *peer) {
    return read_count(peer, &peer->accepted);
}

void ic_peer_release(ic_peer *peer) {
    pthread_mutex_lock(&peer->lock);
    peer->released++;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

size_t ic_peer_await(ic_peer *peer, size_t count) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += AWAIT_SECONDS;
    pthread_mutex_lock(&peer->lock);
    while (peer->request_count < count && !pthread_cond_timedwait(&peer->changed, &peer->lock, &until))
        ;
    count = peer->request_count;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

const ic_peer_request *ic_peer_requests(ic_peer *peer, size_t *count) {
    *count = read_count(peer, &peer->request_count);
    return *count ? peer->requests : NULL;
}

void ic_peer_free(ic_peer *peer) {
    if (!peer) return;
    ic_peer_stop(peer);
    SSL_CTX_free(peer->tls);
    for (size_t i = 0; i < peer->script_count; i++) {
        for (size_t j = 0; j < peer->scripts[i].count; j++)
            free(peer->scripts[i].steps[j].text.data);
        free(peer->scripts[i].steps);
    }
    for (size_t i = 0; i < peer->answer_count; i++)
        free(peer->answers[i].data);
    for (const ic_peer_request *request = peer->requests, *next; request; request = next) {
        next = request->next;
        free(request->head);
        free(request->body);
        free((void *)request);
    }
    free(peer->scripts);
    free(peer->answers);
    free(peer);
}
