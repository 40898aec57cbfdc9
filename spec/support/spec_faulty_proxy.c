/* spec_faulty_proxy: a proxy between a client and a good server that misbehaves as a spec says.
 *
 *   proxy = start{ port =, tls = bool, faults = {{at =, how =, mask =}, …}, cert =, key =, alpn = }
 *
 * - port, tls: the server on 127.0.0.1 behind the proxy, and whether it speaks TLS (its certificate is not
 *   checked).
 * - cert, key: PEM files, for a proxy that speaks TLS itself.
 * - alpn: the one protocol that it offers on both sides, such as "h2".
 * - faults: the nth connection gets the nth fault, `false` for none. Later connections get none.
 *
 * A fault happens when `at` bytes of the answer have been passed on, counted over the connection and without
 * TLS. `how` is one of
 *
 * - close: the connection is closed, TLS with close_notify
 * - quiet: closed without close_notify
 * - reset: closed by RST
 * - hang: nothing more is passed on
 * - flip: the next byte is XORed with `mask` (1 to 255)
 *
 * Methods: port(), connections(), passed() (bytes of the answer passed on by the connection that was accepted
 * last), drop() (closes all connections, TLS with close_notify), stop(). Test support: it aborts when there
 * is no memory. */
#include "spec/support/acceptor.h"
#include "spec/support/lua_module.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROXY_TYPE "spec_faulty_proxy"

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_CLOSE,
    FAULT_QUIET,
    FAULT_RESET,
    FAULT_HANG,
    FAULT_FLIP
} fault_kind;
static const char *const fault_names[] = {"none", "close", "quiet", "reset", "hang", "flip", NULL};

typedef struct fault {
    fault_kind kind;
    size_t at;
    unsigned char mask;
} fault;

typedef struct side {
    int socket;
    SSL *tls; /* NULL: plain */
} side;

typedef struct proxy proxy;

typedef struct relay {
    struct relay *next;
    proxy *proxy;
    pthread_t thread;
    fault fault;
    bool failing; /* the fault is due */
    side client, server;
    atomic_size_t passed;
} relay;

struct proxy {
    SSL_CTX *serving, *calling; /* NULL: plain on that side */
    unsigned char alpn[32];     /* length, then the name; length 0: none */
    int server_port;
    ic_acceptor acceptor;
    int dropping; /* an eventfd: readable while all connections are to end */
    fault *faults;
    size_t fault_count;
    pthread_mutex_t lock;    /* held while a relay is started and added, and while all are taken */
    _Atomic(relay *) relays; /* the newest first; freed by proxy_join */
    atomic_size_t accepted;
};

static void *need(void *block) {
    if (!block) abort();
    return block;
}

/* ---- bytes in and out; every wait also ends when the proxy is stopping ---- */

/* False: the proxy is stopping. */
static bool side_await(const proxy *p, const side *s, short events) {
    struct pollfd fds[] = {{.fd = p->acceptor.stopping, .events = POLLIN},
                           {.fd = s->socket, .events = events}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return !fds[0].revents;
}

/* The events that a transfer that moved nothing waits for; 0: it is over. */
static short side_wants(const side *s, long result, short events) {
    if (!s->tls) return result < 0 && (errno == EAGAIN || errno == EINTR) ? events : 0;
    switch (SSL_get_error(s->tls, (int)result)) {
    case SSL_ERROR_WANT_READ: return POLLIN;
    case SSL_ERROR_WANT_WRITE: return POLLOUT;
    default: return 0;
    }
}

/* Bytes read; 0: the end; -1: nothing there now. */
static long side_read(const side *s, char *into, size_t size) {
    long got = s->tls ? SSL_read(s->tls, into, (int)size) : recv(s->socket, into, size, 0);
    if (got > 0) return got;
    return side_wants(s, got, POLLIN) ? -1 : 0;
}

static bool side_write(const proxy *p, const side *s, const char *from, size_t length) {
    while (length) {
        long sent =
            s->tls ? SSL_write(s->tls, from, (int)length) : send(s->socket, from, length, MSG_NOSIGNAL);
        if (sent > 0) {
            from += sent;
            length -= (size_t)sent;
            continue;
        }
        short events = side_wants(s, sent, POLLOUT);
        if (!events || !side_await(p, s, events)) return false;
    }
    return true;
}

static bool side_handshake(const proxy *p, side *s, SSL_CTX *context, bool accepting) {
    if (!context) return true;
    s->tls = need(SSL_new(context));
    SSL_set_fd(s->tls, s->socket);
    for (;;) {
        int result = accepting ? SSL_accept(s->tls) : SSL_connect(s->tls);
        if (result > 0) return true;
        short events = side_wants(s, result, POLLIN);
        if (!events || !side_await(p, s, events)) return false;
    }
}

static void side_close(side *s, bool notify) {
    if (s->tls && notify && SSL_is_init_finished(s->tls)) SSL_shutdown(s->tls);
    SSL_free(s->tls);
    if (s->socket >= 0) close(s->socket);
    *s = (side){.socket = -1};
}

/* ---- one connection ---- */

/* Passes on a piece of the answer up to the fault. False: the connection ends here. */
static bool relay_answer(relay *r, char *bytes, size_t length) {
    size_t passed = atomic_load(&r->passed);
    bool due = r->fault.kind != FAULT_NONE && passed + length > r->fault.at;
    size_t before = due ? r->fault.at - passed : length;
    if (due && r->fault.kind == FAULT_FLIP) {
        bytes[before] = (char)(bytes[before] ^ r->fault.mask);
        r->fault.kind = FAULT_NONE;
        before = length;
        due = false;
    }
    r->failing = due;
    /* Counted before they are written: a client that has them may ask at once how many there were. */
    atomic_store(&r->passed, passed + before);
    return side_write(r->proxy, &r->client, bytes, before) && !due;
}

static void relay_fail(relay *r) {
    char ignored[4096];
    switch (r->fault.kind) {
    case FAULT_HANG:
        while (side_await(r->proxy, &r->client, POLLIN) &&
               side_read(&r->client, ignored, sizeof ignored) != 0)
            ;
        break;
    case FAULT_RESET:
        setsockopt(r->client.socket, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        break;
    default: break;
    }
    side_close(&r->client, r->fault.kind == FAULT_CLOSE);
}

/* Moves what is there from one side to the other. False: that side has ended, or the fault has happened. */
static bool relay_move(relay *r, const side *from, bool is_answer) {
    char bytes[16384];
    for (;;) {
        long got = side_read(from, bytes, sizeof bytes);
        if (got < 0) return true;
        if (got == 0) return false;
        if (is_answer ? !relay_answer(r, bytes, (size_t)got)
                      : !side_write(r->proxy, &r->server, bytes, (size_t)got))
            return false;
    }
}

static bool relay_connect(relay *r) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)r->proxy->server_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    r->server.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->server.socket < 0 || connect(r->server.socket, (struct sockaddr *)&address, sizeof address) != 0)
        return false;
    return fcntl(r->server.socket, F_SETFL, O_NONBLOCK) == 0;
}

static void *relay_run(void *argument) {
    relay *r = argument;
    proxy *p = r->proxy;
    bool going = side_handshake(p, &r->client, p->serving, true) && relay_connect(r) &&
                 side_handshake(p, &r->server, p->calling, false);
    while (going) {
        struct pollfd fds[] = {{.fd = p->acceptor.stopping, .events = POLLIN},
                               {.fd = r->client.socket, .events = POLLIN},
                               {.fd = r->server.socket, .events = POLLIN},
                               {.fd = p->dropping, .events = POLLIN}};
        if (poll(fds, 4, -1) < 0 && errno != EINTR) break;
        if (fds[0].revents || fds[3].revents) break;
        if (fds[1].revents && !relay_move(r, &r->client, false)) break;
        if (fds[2].revents) going = relay_move(r, &r->server, true);
    }
    if (r->failing) relay_fail(r);
    side_close(&r->client, true);
    side_close(&r->server, true);
    return NULL;
}

/* ---- the proxy ---- */

static void proxy_relay(void *owner, int socket) {
    proxy *p = owner;
    relay *r = need(calloc(1, sizeof *r));
    size_t index = atomic_fetch_add(&p->accepted, 1);
    r->proxy = p;
    r->client = (side){.socket = socket};
    r->server = (side){.socket = -1};
    if (index < p->fault_count) r->fault = p->faults[index];
    pthread_mutex_lock(&p->lock);
    r->next = atomic_load(&p->relays);
    if (pthread_create(&r->thread, NULL, relay_run, r)) abort();
    atomic_store(&p->relays, r);
    pthread_mutex_unlock(&p->lock);
}

/* Waits for the ends of all connections. */
static void proxy_join(proxy *p) {
    pthread_mutex_lock(&p->lock);
    relay *all = atomic_exchange(&p->relays, NULL);
    pthread_mutex_unlock(&p->lock);
    for (relay *r = all, *next; r; r = next) {
        next = r->next;
        pthread_join(r->thread, NULL);
        free(r);
    }
}

static void proxy_drop(proxy *p) {
    eventfd_t ignored;
    if (eventfd_write(p->dropping, 1)) abort();
    proxy_join(p);
    if (eventfd_read(p->dropping, &ignored)) abort();
}

static void proxy_stop(proxy *p) {
    if (p->acceptor.running) {
        ic_acceptor_stop(&p->acceptor);
        proxy_join(p);
    }
    ic_acceptor_close(&p->acceptor);
    if (p->dropping >= 0) close(p->dropping);
    p->dropping = -1;
}

/* ---- Lua ---- */

static proxy *check_proxy(lua_State *L) {
    return *(proxy **)luaL_checkudata(L, 1, PROXY_TYPE);
}

static void read_fault(lua_State *L, proxy *p) {
    fault read = {0};
    if (lua_toboolean(L, -1)) {
        lua_getfield(L, -1, "how");
        const char *how = luaL_checkstring(L, -1);
        size_t kind = 0;
        while (fault_names[kind] && strcmp(fault_names[kind], how) != 0)
            kind++;
        if (!fault_names[kind]) luaL_error(L, "no such fault: %s", how);
        lua_getfield(L, -2, "at");
        lua_getfield(L, -3, "mask");
        read = (fault){(fault_kind)kind, (size_t)luaL_checkinteger(L, -2),
                       (unsigned char)luaL_optinteger(L, -1, 0)};
        lua_pop(L, 3);
    }
    p->faults = need(realloc(p->faults, (p->fault_count + 1) * sizeof *p->faults));
    p->faults[p->fault_count++] = read;
}

static void read_faults(lua_State *L, proxy *p) {
    lua_getfield(L, 1, "faults");
    for (int i = 1; !lua_isnil(L, -1); i++) {
        lua_rawgeti(L, -1, i);
        bool ended = lua_isnil(L, -1);
        if (!ended) read_fault(L, p);
        lua_pop(L, 1);
        if (ended) break;
    }
    lua_pop(L, 1);
}

static int select_alpn(SSL *tls, const unsigned char **out, unsigned char *length,
                       const unsigned char *offered, unsigned offered_length, void *argument) {
    const proxy *p = argument;
    (void)tls;
    return SSL_select_next_proto((unsigned char **)(uintptr_t)out, length, p->alpn, p->alpn[0] + 1u, offered,
                                 offered_length) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

static void read_tls(lua_State *L, proxy *p) {
    lua_getfield(L, 1, "alpn");
    lua_getfield(L, 1, "cert");
    lua_getfield(L, 1, "key");
    lua_getfield(L, 1, "tls");
    const char *alpn = luaL_optstring(L, -4, ""), *cert = luaL_optstring(L, -3, NULL),
               *key = luaL_optstring(L, -2, NULL);
    size_t length = strlen(alpn);
    if (length >= sizeof p->alpn) luaL_error(L, "alpn: too long");
    p->alpn[0] = (unsigned char)length;
    memcpy(p->alpn + 1, alpn, length);
    if (cert) {
        p->serving = need(SSL_CTX_new(TLS_server_method()));
        if (SSL_CTX_use_certificate_chain_file(p->serving, cert) != 1 || !key ||
            SSL_CTX_use_PrivateKey_file(p->serving, key, SSL_FILETYPE_PEM) != 1)
            luaL_error(L, "cannot serve TLS with %s", cert);
        /* Without session tickets: their bytes would be counted as bytes of an answer. */
        SSL_CTX_set_num_tickets(p->serving, 0);
        if (length) SSL_CTX_set_alpn_select_cb(p->serving, select_alpn, p);
    }
    if (lua_toboolean(L, -1)) {
        p->calling = need(SSL_CTX_new(TLS_client_method()));
        if (length) SSL_CTX_set_alpn_protos(p->calling, p->alpn, (unsigned)length + 1);
    }
    lua_pop(L, 4);
}

static int start(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    proxy **box = lua_newuserdata(L, sizeof *box);
    *box = NULL;
    luaL_getmetatable(L, PROXY_TYPE);
    lua_setmetatable(L, -2);
    proxy *p = *box = need(calloc(1, sizeof *p));
    p->acceptor = IC_ACCEPTOR_CLOSED;
    pthread_mutex_init(&p->lock, NULL);
    p->dropping = eventfd(0, EFD_CLOEXEC);
    if (p->dropping < 0) luaL_error(L, "cannot start a proxy: %s", strerror(errno));
    lua_getfield(L, 1, "port");
    p->server_port = (int)luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    read_faults(L, p);
    read_tls(L, p);
    const char *failure = ic_acceptor_start(&p->acceptor, proxy_relay, p);
    if (failure) luaL_error(L, "cannot start a proxy: %s", failure);
    return 1;
}

static int get_port(lua_State *L) {
    lua_pushinteger(L, check_proxy(L)->acceptor.port);
    return 1;
}

static int get_connections(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)atomic_load(&check_proxy(L)->accepted));
    return 1;
}

static int get_passed(lua_State *L) {
    const relay *newest = atomic_load(&check_proxy(L)->relays);
    lua_pushinteger(L, newest ? (lua_Integer)atomic_load(&newest->passed) : 0);
    return 1;
}

static int drop(lua_State *L) {
    proxy_drop(check_proxy(L));
    return 0;
}

static int stop(lua_State *L) {
    proxy_stop(check_proxy(L));
    return 0;
}

static int collect(lua_State *L) {
    proxy **box = luaL_checkudata(L, 1, PROXY_TYPE), *p = *box;
    *box = NULL;
    if (!p) return 0;
    proxy_stop(p);
    SSL_CTX_free(p->serving);
    SSL_CTX_free(p->calling);
    free(p->faults);
    free(p);
    return 0;
}

__attribute__((visibility("default"))) int luaopen_spec_faulty_proxy(lua_State *L);

int luaopen_spec_faulty_proxy(lua_State *L) {
    static const luaL_Reg methods[] = {{"port", get_port},     {"connections", get_connections},
                                       {"passed", get_passed}, {"drop", drop},
                                       {"stop", stop},         {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"start", start}, {NULL, NULL}};
    ic_module_type(L, PROXY_TYPE, metamethods, methods);
    lua_newtable(L);
    ic_module_set(L, functions);
    return 1;
}
