#include "listener/callback.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "listener/connections.h"
#include "listener/html.h"
#include "listener/listen.h"
#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define CONNECTION_MEMORY                                                                                    \
    (64 * 1024) /* for a request with its headers, which may include cookies of other local servers */
#define CONNECTION_SECONDS 30  /* after which an idle connection is closed */
#define CONNECTIONS_MAX    256 /* above this, the connection that has been idle longest is closed */
#define CONNECTIONS_SPARE  16  /* more, for connections that are being closed */
#define WAIT_MAX           100 /* milliseconds of one wait: a signal just before the wait is noticed after it */
#define ANSWER_SECONDS     2.0 /* for an answer to be sent */
#define PORT_TRIES         16  /* to find a port that is free at both addresses */

/* A request, from its request line to its end. */
typedef struct callback_request {
    char *target; /* NULL: too long */
    struct MHD_Connection *connection;
    bool begun;
} callback_request;

struct ic_callback {
    pid_t owner;
    int port;
    char *path;
    double ends;                   /* ic_now */
    struct MHD_Daemon *daemons[2]; /* one for each address */
    ic_connections connections;    /* of both */
    callback_request *held;        /* its browser waits: the connection is suspended until there is a reply */
    bool reported;                 /* to the caller, as IC_CALLBACK_CAME */
    unsigned status;               /* of the reply */
    struct MHD_Response *reply;    /* to the last request that was answered */
    char *answered;                /* its target: a browser that reloads its page gets the same reply */
};

/* --- answers --- */

static struct MHD_Response *callback_page(const char *title, const char *text) {
    ic_buf page = {0};
    ic_html_begin(&page, title);
    ic_buf_puts(&page, "<p>");
    ic_html_text(&page, text);
    ic_buf_puts(&page, "</p>\n");
    size_t length;
    char *bytes = ic_buf_take(&page, &length);
    ic_buf_free(&page);
    if (!bytes) return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(length, bytes, ic_free);
    if (!response) {
        ic_free(bytes);
        return NULL;
    }
    ic_html_headers(response, NULL);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static enum MHD_Result callback_refuse(struct MHD_Connection *connection, unsigned status, const char *text) {
    struct MHD_Response *response = callback_page("This is not the request that the login expects", text);
    if (!response) return MHD_NO;
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static void callback_forget_reply(ic_callback *callback) {
    if (callback->reply) MHD_destroy_response(callback->reply);
    callback->reply = NULL;
    ic_free_secret(callback->answered);
    callback->answered = NULL;
}

/* --- libmicrohttpd's callbacks --- */

static ic_connection *callback_connection(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void callback_on_connection(void *context, struct MHD_Connection *connection, void **entry,
                                   enum MHD_ConnectionNotificationCode code) {
    ic_callback *callback = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *entry = ic_connections_add(&callback->connections, connection);
    } else {
        ic_connections_remove(&callback->connections, *entry);
        *entry = NULL;
    }
}

/* Called when the request line has been read: the only place where the target is still percent-encoded. */
static void *callback_on_target(void *context, const char *target, struct MHD_Connection *connection) {
    ic_callback *callback = context;
    callback_request *mine = ic_calloc(1, sizeof *mine);
    if (!mine) return NULL;
    ic_connections_begin(&callback->connections, callback_connection(connection));
    mine->connection = connection;
    if (strlen(target) > IC_CALLBACK_TARGET_MAX) return mine;
    mine->target = ic_strdup(target);
    if (mine->target) return mine;
    ic_connections_end(&callback->connections, callback_connection(connection));
    ic_free(mine);
    return NULL;
}

static bool callback_has_body(struct MHD_Connection *connection) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static bool callback_is_path(const ic_callback *callback, const char *target) {
    size_t length = strcspn(target, "?");
    return strlen(callback->path) == length && strncmp(callback->path, target, length) == 0;
}

/* Called for the headers, then for the end of the request, and once more when its connection is resumed. */
static enum MHD_Result callback_on_request(void *context, struct MHD_Connection *connection, const char *url,
                                           const char *method, const char *version, const char *data,
                                           size_t *size, void **request) {
    (void)url, (void)version, (void)data;
    ic_callback *callback = context;
    callback_request *mine = *request;
    if (!mine) return MHD_NO;
    if (!mine->target) return callback_refuse(connection, MHD_HTTP_URI_TOO_LONG, "The address is too long.");
    if (!callback_is_path(callback, mine->target))
        return callback_refuse(connection, MHD_HTTP_NOT_FOUND, "There is nothing at this address.");
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return callback_refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET is expected here.");
    if (callback_has_body(connection))
        return callback_refuse(connection, MHD_HTTP_BAD_REQUEST,
                               "A request without a body is expected here.");
    *size = 0;
    if (!mine->begun) {
        mine->begun = true;
        return MHD_YES;
    }
    if (callback->held == mine)
        return callback->reply ? MHD_queue_response(connection, callback->status, callback->reply) : MHD_NO;
    if (callback->reply && callback->answered && strcmp(callback->answered, mine->target) == 0)
        return MHD_queue_response(connection, callback->status, callback->reply);
    if (callback->held)
        return callback_refuse(connection, MHD_HTTP_CONFLICT, "Another request is being answered.");
    callback->held = mine;
    callback->reported = false;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void callback_on_completed(void *context, struct MHD_Connection *connection, void **request,
                                  enum MHD_RequestTerminationCode why) {
    (void)why;
    ic_callback *callback = context;
    callback_request *mine = *request;
    if (!mine) return;
    ic_connections_end(&callback->connections, callback_connection(connection));
    if (callback->held == mine) callback->held = NULL;
    ic_free_secret(mine->target);
    ic_free(mine);
    *request = NULL;
}

/* --- listening --- */

static bool callback_listen_at(ic_callback *callback, const char *address, char *error, size_t size) {
    int fd = ic_listen(address, &callback->port, error, size);
    if (fd < 0) return false;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        (IC_HAS_EPOLL ? MHD_USE_EPOLL : 0) | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, callback_on_request,
        callback, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, callback_on_target, callback,
        MHD_OPTION_NOTIFY_CONNECTION, callback_on_connection, callback, MHD_OPTION_NOTIFY_COMPLETED,
        callback_on_completed, callback, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_SECONDS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)callback->connections.limit + CONNECTIONS_SPARE, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (!daemon) {
        close(fd);
        errno = ENOMEM;
        snprintf(error, size, "cannot start the HTTP server");
        return false;
    }
    callback->daemons[callback->daemons[0] ? 1 : 0] = daemon;
    return true;
}

static void callback_stop(ic_callback *callback) {
    for (size_t i = 0; i < 2; i++) {
        if (callback->daemons[i]) MHD_stop_daemon(callback->daemons[i]);
        callback->daemons[i] = NULL;
    }
}

/* Listens at both addresses of "localhost", or only at the first when the machine has no second. Fails when
 * another program has the port at the second address, because some browsers would connect to it. */
static bool callback_listen_at_both(ic_callback *callback, int port, char *error, size_t size) {
    for (int tries = port ? 1 : PORT_TRIES; tries > 0; tries--) {
        callback->port = port;
        if (!callback_listen_at(callback, "127.0.0.1", error, size)) return false;
        if (callback_listen_at(callback, "::1", error, size) || errno == EAFNOSUPPORT ||
            errno == EADDRNOTAVAIL)
            return true;
        int reason = errno;
        callback_stop(callback);
        if (reason != EADDRINUSE) return false;
    }
    return false;
}

static bool callback_listen_at_host(ic_callback *callback, const char *host, int port, char *error,
                                    size_t size) {
    callback->port = port;
    if (strcmp(host, "localhost") == 0) return callback_listen_at_both(callback, port, error, size);
    return callback_listen_at(callback, host, error, size);
}

static size_t callback_connections_limit(void) {
    size_t limit = ic_connections_limit();
    return limit < CONNECTIONS_MAX ? limit : CONNECTIONS_MAX;
}

ic_callback *ic_callback_listen(const char *host, int port, const char *path, double seconds, char *error,
                                size_t size) {
    ic_callback *callback = ic_calloc(1, sizeof *callback);
    char *copy = ic_strdup(path);
    if (!callback || !copy) {
        snprintf(error, size, "no memory");
        ic_free(callback);
        ic_free(copy);
        return NULL;
    }
    *callback = (ic_callback){.owner = getpid(),
                              .path = copy,
                              .connections = {.limit = callback_connections_limit()},
                              .ends = ic_now() + seconds};
    if (callback_listen_at_host(callback, host, port, error, size)) return callback;
    ic_callback_close(callback);
    return NULL;
}

int ic_callback_port(const ic_callback *callback) {
    return callback->port;
}

/* --- serving --- */

static void callback_run(const ic_callback *callback) {
    for (size_t i = 0; i < 2 && callback->daemons[i]; i++)
        MHD_run(callback->daemons[i]);
}

/* Waits until a daemon has something to do, at most for the given milliseconds. -> whether a descriptor is
 * ready */
#if IC_HAS_EPOLL
static bool callback_wait_for_daemons(const ic_callback *callback, int milliseconds) {
    struct pollfd ready[2];
    nfds_t count = 0;
    for (size_t i = 0; i < 2 && callback->daemons[i]; i++) {
        int fd = MHD_get_daemon_info(callback->daemons[i], MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
        ready[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    return poll(ready, count, milliseconds) > 0;
}
#else
/* Here libmicrohttpd refuses descriptors of FD_SETSIZE and above: a process with so many open files cannot
 * log in. */
static bool callback_wait_for_daemons(const ic_callback *callback, int milliseconds) {
    fd_set reading, writing, failing;
    MHD_socket highest = -1;
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&failing);
    for (size_t i = 0; i < 2 && callback->daemons[i]; i++)
        MHD_get_fdset(callback->daemons[i], &reading, &writing, &failing, &highest);
    struct timeval time = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    return select(highest + 1, &reading, &writing, &failing, &time) > 0;
}
#endif

/* After how many milliseconds a daemon must run even if no descriptor becomes ready, at most `most`. */
static int callback_pause(const ic_callback *callback, int most) {
    for (size_t i = 0; i < 2 && callback->daemons[i]; i++) {
        MHD_UNSIGNED_LONG_LONG soon;
        if (MHD_get_timeout(callback->daemons[i], &soon) == MHD_YES && soon < (unsigned)most)
            most = (int)soon;
    }
    return most;
}

/* Waits until there is something to do, at most `seconds`, and does it. */
static void callback_serve(ic_callback *callback, double seconds) {
    int most = (int)ceil(fmin(seconds * 1000, WAIT_MAX));
    callback_wait_for_daemons(callback, callback_pause(callback, most));
    callback_run(callback);
}

static bool callback_is_ready(const ic_callback *callback) {
    return callback_pause(callback, 1) == 0 || callback_wait_for_daemons(callback, 0);
}

ic_callback_state ic_callback_wait(ic_callback *callback) {
    double left = callback->ends - ic_now();
    if (!(left > 0)) return IC_CALLBACK_LATE;
    callback_serve(callback, left);
    if (!callback->held || callback->reported) return IC_CALLBACK_AGAIN;
    callback->reported = true;
    return IC_CALLBACK_CAME;
}

const char *ic_callback_target(const ic_callback *callback) {
    return callback->held ? callback->held->target : NULL;
}

void ic_callback_answer(ic_callback *callback, unsigned status, const char *title, const char *text) {
    if (!callback->held) return;
    double ends = ic_now() + ANSWER_SECONDS, left;
    callback_forget_reply(callback);
    callback->status = status;
    callback->reply = callback_page(title, text); /* NULL closes the connection without an answer */
    callback->answered = ic_strdup(callback->held->target);
    MHD_resume_connection(callback->held->connection);
    callback_run(callback); /* no descriptor becomes ready when a connection is resumed */
    while (callback->held && (left = ends - ic_now()) > 0)
        callback_serve(callback, left);
    /* While the caller did something else, the person may have reloaded the page. */
    while (callback_is_ready(callback) && ic_now() < ends)
        callback_run(callback);
}

void ic_callback_close(ic_callback *callback) {
    if (!callback || callback->owner != getpid()) return;
    ic_callback_answer(callback, MHD_HTTP_SERVICE_UNAVAILABLE, "The login has ended",
                       "No program waits for this answer any more.");
    callback_stop(callback);
    callback_forget_reply(callback);
    ic_free(callback->path);
    ic_free(callback);
}
