#include "spec/support/peer_server.h"
#include "spec/support/peer_connection.h"
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AWAIT_SECONDS 60 /* a request that has not come by then will not come */

static const struct step_rule {
    const char *name;
    bool bytes, number; /* what follows the name in a script */
} step_rules[] = {
    [READ] = {"read", false, false},     /* one whole request; the script ends when the other side closes */
    [FRAMES] = {"frames", false, false}, /* HTTP/2 frames up to one that ends a stream; see
                                            ic_peer_read_frames */
    [SEND] = {"send", true, false},      /* the bytes */
    [REPEAT] = {"repeat", true, true},   /* the bytes, `number` times */
    [DRIP] = {"drip", true, true},       /* byte by byte, with a pause of `number` milliseconds */
    [ANSWER] = {"answer", false, false}, /* the answer that belongs to the request just read */
    [GATE] = {"gate", false, false},     /* waits for one ic_peer_release */
    [HANG] = {"hang", false, false},     /* reads and discards until the other side closes */
    [SHUTDOWN] = {"shutdown", false, false}, /* sends no more, continues with the script */
    [CLOSE] = {"close", false, false},       [RESET] = {"reset", false, false}, /* closes by RST */
    [LOOP] = {"loop", false, false}, /* from the first step again */
};

/* ---- The plan ---- */

ic_peer *ic_peer_new(void) {
    ic_peer *peer = ic_peer_need(calloc(1, sizeof *peer));
    peer->acceptor = IC_ACCEPTOR_CLOSED;
    peer->owner = getpid();
    peer->last = &peer->requests;
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->changed, NULL);
    return peer;
}

void ic_peer_add_script(ic_peer *peer) {
    peer->scripts = ic_peer_need(realloc(peer->scripts, (peer->script_count + 1) * sizeof *peer->scripts));
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
    play->steps = ic_peer_need(realloc(play->steps, (play->count + 1) * sizeof *play->steps));
    step *added = &play->steps[play->count++];
    *added = (step){.kind = (step_kind)kind, .number = number};
    if (step_rules[kind].bytes) added->text = ic_peer_copy_text(bytes, length);
    return NULL;
}

void ic_peer_add_answer(ic_peer *peer, const char *bytes, size_t length) {
    peer->answers = ic_peer_need(realloc(peer->answers, (peer->answer_count + 1) * sizeof *peer->answers));
    peer->answers[peer->answer_count++] = ic_peer_copy_text(bytes, length);
}

bool ic_peer_use_tls(ic_peer *peer, const char *certificate, const char *key, bool old) {
    SSL_CTX *tls = peer->tls = ic_peer_need(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        return false;
    /* Security level 2, Debian's, allows no version before TLS 1.2. */
    return !old || (SSL_CTX_set_cipher_list(tls, "ALL:@SECLEVEL=0") &&
                    SSL_CTX_set_min_proto_version(tls, TLS1_VERSION) &&
                    SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION));
}

bool ic_peer_want_clients_of(ic_peer *peer, const char *authorities) {
    SSL_CTX_set_verify(peer->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return SSL_CTX_load_verify_locations(peer->tls, authorities, NULL) == 1;
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
    return n && ic_peer_transmit(c, peer->answers[n - 1].data, peer->answers[n - 1].length);
}

/* False: the script is over. */
static bool take_step(connection *c, const step *s) {
    char ignored[16384];
    switch (s->kind) {
    case READ: return ic_peer_read_request(c);
    case FRAMES: return ic_peer_read_frames(c);
    case SEND: return ic_peer_transmit(c, s->text.data, s->text.length);
    case REPEAT: return ic_peer_transmit_repeated(c, &s->text, (size_t)s->number);
    case DRIP: return ic_peer_transmit_slowly(c, &s->text, (int)s->number);
    case ANSWER: return transmit_answer(c);
    case GATE: return pass_gate(c->peer);
    case HANG:
        while (ic_peer_receive(c, ignored, sizeof ignored))
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
    c->tls = ic_peer_need(SSL_new(c->peer->tls));
    SSL_set_fd(c->tls, c->socket);
    int result;
    while ((result = SSL_accept(c->tls)) <= 0 && ic_peer_await_retry(c, result, POLLIN))
        ;
    if (result > 0) return true;
    /* With TLS 1.3 the client may have sent its request already. If that is not read, its system drops the
     * alert that says why the handshake has failed. */
    char ignored[1024];
    shutdown(c->socket, SHUT_WR);
    while (ic_peer_await_socket(c, POLLIN, -1) && recv(c->socket, ignored, sizeof ignored, 0) > 0)
        ;
    return false;
}

static void *serve(void *argument) {
    connection *c = argument;
    const script *play = c->script;
    bool going = handshake(c);
    for (size_t i = 0; going && i < play->count; i = play->steps[i].kind == LOOP ? 0 : i + 1)
        going = take_step(c, &play->steps[i]) && ic_peer_await_socket(c, 0, 0);
    if (c->tls && SSL_is_init_finished(c->tls)) SSL_shutdown(c->tls);
    SSL_free(c->tls);
    close(c->socket);
    free(c->buffer);
    atomic_store(&c->ended, true);
    return NULL;
}

/* ---- The start and the end ---- */

/* Frees the connections that have ended; with `all`, waits for the others. The stack of a thread that is not
 * joined stays mapped, and a process has room for some 30,000. */
static void join_connections(ic_peer *peer, bool all) {
    for (connection **link = &peer->connections, *c; (c = *link);) {
        if (!all && !atomic_load(&c->ended)) {
            link = &c->next;
            continue;
        }
        *link = c->next;
        pthread_join(c->thread, NULL);
        free(c);
    }
}

static void start_connection(void *owner, int socket) {
    ic_peer *peer = owner;
    connection *c = ic_peer_need(calloc(1, sizeof *c));
    join_connections(peer, false);
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
        join_connections(peer, true);
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
