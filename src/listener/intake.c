#include "listener/intake.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "listener/connections.h"
#include "listener/listen.h"
#include <math.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define CONNECTION_MEMORY  (64 * 1024) /* for a request with its headers */
#define CONNECTION_SECONDS 30          /* after which an idle connection is closed */
#define CONNECTIONS_MAX    256         /* above this, the connection that has been idle longest is closed */
#define CONNECTIONS_SPARE  16          /* more, for connections that are being closed */
#define WAIT_MAX           100         /* milliseconds of one wait */
#define ANSWER_SECONDS     2.0         /* for an answer to be sent */

/* A request, from its request line to its end. */
typedef struct intake_request {
    struct intake_request *next; /* in the queue */
    struct MHD_Connection *connection;
    char *target; /* NULL: too long */
    char *method;
    ic_buf headers; /* name and value of each, with their closing NULs */
    ic_buf body;
    bool begun, too_large, queued;
    struct MHD_Response *reply; /* NULL: no answer yet */
    unsigned status;
} intake_request;

struct ic_intake {
    pid_t owner;
    int port;
    struct MHD_Daemon *daemon;
    ic_connections connections;
    intake_request *first, *last;   /* the queue */
    const intake_request *answered; /* its answer is being sent */
};

/* --- the queue --- */

static void intake_enqueue(ic_intake *intake, intake_request *mine) {
    mine->queued = true;
    if (intake->last)
        intake->last->next = mine;
    else
        intake->first = mine;
    intake->last = mine;
}

static void intake_dequeue(ic_intake *intake, intake_request *mine) {
    if (!mine->queued) return;
    intake_request **link = &intake->first, *before = NULL;
    while (*link != mine) {
        before = *link;
        link = &before->next;
    }
    *link = mine->next;
    if (intake->last == mine) intake->last = before;
    mine->queued = false;
    mine->next = NULL;
}

/* --- libmicrohttpd's callbacks --- */

static enum MHD_Result intake_refuse(struct MHD_Connection *connection, unsigned status) {
    static char nothing[] = "";
    struct MHD_Response *response = MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static ic_connection *intake_connection(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void intake_on_connection(void *context, struct MHD_Connection *connection, void **entry,
                                 enum MHD_ConnectionNotificationCode code) {
    ic_intake *intake = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *entry = ic_connections_add(&intake->connections, connection);
    } else {
        ic_connections_remove(&intake->connections, *entry);
        *entry = NULL;
    }
}

static void intake_free(intake_request *mine) {
    ic_free(mine->target);
    ic_free(mine->method);
    ic_buf_free(&mine->headers);
    ic_buf_free(&mine->body);
    if (mine->reply) MHD_destroy_response(mine->reply);
    ic_free(mine);
}

/* Called when the request line has been read: the only place where the target is still percent-encoded. */
static void *intake_on_target(void *context, const char *target, struct MHD_Connection *connection) {
    ic_intake *intake = context;
    intake_request *mine = ic_calloc(1, sizeof *mine);
    if (!mine) return NULL;
    mine->connection = connection;
    bool fits = strlen(target) <= IC_INTAKE_TARGET_MAX;
    if (fits) mine->target = ic_strdup(target);
    if (fits && !mine->target) {
        intake_free(mine);
        return NULL;
    }
    ic_connections_begin(&intake->connections, intake_connection(connection));
    return mine;
}

static void intake_add_body(intake_request *mine, const char *data, size_t size) {
    mine->too_large = mine->too_large || mine->body.length + size > IC_INTAKE_BODY_MAX;
    if (mine->too_large)
        ic_buf_free(&mine->body);
    else
        ic_buf_add(&mine->body, data, size);
}

static enum MHD_Result intake_add_header(void *context, enum MHD_ValueKind kind, const char *name,
                                         const char *value) {
    (void)kind;
    ic_buf *headers = context;
    if (!value) value = "";
    ic_buf_add(headers, name, strlen(name) + 1);
    ic_buf_add(headers, value, strlen(value) + 1);
    return MHD_YES;
}

/* Called for the headers, for each piece of the body, for the end, and once more when the connection is
 * resumed. */
static enum MHD_Result intake_on_request(void *context, struct MHD_Connection *connection, const char *url,
                                         const char *method, const char *version, const char *data,
                                         size_t *size, void **request) {
    (void)url, (void)version;
    intake_request *mine = *request;
    if (!mine) return MHD_NO;
    if (!mine->begun) {
        mine->begun = true;
        mine->method = ic_strdup(method);
        MHD_get_connection_values(connection, MHD_HEADER_KIND, intake_add_header, &mine->headers);
        return mine->method && !mine->headers.failed ? MHD_YES : MHD_NO;
    }
    if (*size) {
        intake_add_body(mine, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (mine->reply) return MHD_queue_response(connection, mine->status, mine->reply);
    if (!mine->target) return intake_refuse(connection, MHD_HTTP_URI_TOO_LONG);
    if (mine->too_large) return intake_refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
    if (mine->body.failed || mine->queued) return MHD_NO;
    intake_enqueue(context, mine);
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void intake_on_completed(void *context, struct MHD_Connection *connection, void **request,
                                enum MHD_RequestTerminationCode why) {
    (void)why;
    ic_intake *intake = context;
    intake_request *mine = *request;
    if (!mine) return;
    ic_connections_end(&intake->connections, intake_connection(connection));
    intake_dequeue(intake, mine);
    if (intake->answered == mine) intake->answered = NULL;
    intake_free(mine);
    *request = NULL;
}

/* --- listening --- */

static bool intake_start(ic_intake *intake, const char *host, char *error, size_t size) {
    int fd = ic_listen(host, &intake->port, error, size);
    if (fd < 0) return false;
    intake->daemon = MHD_start_daemon(
        (IC_HAS_EPOLL ? MHD_USE_EPOLL : 0) | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, intake_on_request,
        intake, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, intake_on_target, intake,
        MHD_OPTION_NOTIFY_CONNECTION, intake_on_connection, intake, MHD_OPTION_NOTIFY_COMPLETED,
        intake_on_completed, intake, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_SECONDS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)intake->connections.limit + CONNECTIONS_SPARE, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (intake->daemon) return true;
    close(fd);
    snprintf(error, size, "cannot start the HTTP server");
    return false;
}

ic_intake *ic_intake_listen(const char *host, int port, char *error, size_t size) {
    ic_intake *intake = ic_calloc(1, sizeof *intake);
    if (!intake) {
        snprintf(error, size, "no memory");
        return NULL;
    }
    size_t limit = ic_connections_limit();
    *intake = (ic_intake){.owner = getpid(),
                          .port = port,
                          .connections = {.limit = limit < CONNECTIONS_MAX ? limit : CONNECTIONS_MAX}};
    if (intake_start(intake, host, error, size)) return intake;
    ic_free(intake);
    return NULL;
}

int ic_intake_port(const ic_intake *intake) {
    return intake->port;
}

/* --- serving --- */

/* Waits until the daemon has something to do, at most for the given milliseconds. */
#if IC_HAS_EPOLL
static void intake_wait_for_daemon(const ic_intake *intake, int milliseconds) {
    struct pollfd ready = {.fd = MHD_get_daemon_info(intake->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
                           .events = POLLIN};
    poll(&ready, 1, milliseconds);
}
#else
static void intake_wait_for_daemon(const ic_intake *intake, int milliseconds) {
    fd_set reading, writing, failing;
    MHD_socket highest = -1;
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&failing);
    MHD_get_fdset(intake->daemon, &reading, &writing, &failing, &highest);
    struct timeval time = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    select(highest + 1, &reading, &writing, &failing, &time);
}
#endif

/* Waits until there is something to do, at most `seconds` or WAIT_MAX, and does it. */
static void intake_serve(ic_intake *intake, double seconds) {
    int milliseconds = (int)ceil(fmin(seconds * 1000, WAIT_MAX));
    MHD_UNSIGNED_LONG_LONG soon;
    if (MHD_get_timeout(intake->daemon, &soon) == MHD_YES && soon < (unsigned)milliseconds)
        milliseconds = (int)soon;
    if (milliseconds > 0) intake_wait_for_daemon(intake, milliseconds);
    MHD_run(intake->daemon);
}

bool ic_intake_wait(ic_intake *intake, double seconds) {
    if (!intake->first) intake_serve(intake, seconds > 0 ? seconds : 0);
    return intake->first != NULL;
}

const char *ic_intake_method(const ic_intake *intake) {
    return intake->first ? intake->first->method : NULL;
}

const char *ic_intake_target(const ic_intake *intake) {
    return intake->first ? intake->first->target : NULL;
}

const char *ic_intake_body(const ic_intake *intake, size_t *length) {
    *length = intake->first ? intake->first->body.length : 0;
    return intake->first ? (*length ? intake->first->body.data : "") : NULL;
}

const char *ic_intake_headers(const ic_intake *intake, size_t *length) {
    *length = intake->first ? intake->first->headers.length : 0;
    return *length ? intake->first->headers.data : "";
}

void ic_intake_answer(ic_intake *intake, unsigned status, const char *text, size_t length) {
    intake_request *mine = intake->first;
    if (!mine) return;
    intake_dequeue(intake, mine);
    mine->status = status;
    /* libmicrohttpd copies the text, and does not write to it. */
    mine->reply = MHD_create_response_from_buffer(length, (void *)(size_t)text, MHD_RESPMEM_MUST_COPY);
    if (mine->reply) MHD_add_response_header(mine->reply, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
    intake->answered = mine;
    mine->body.failed = true; /* without a reply the connection is closed */
    MHD_resume_connection(mine->connection);
    MHD_run(intake->daemon); /* no descriptor becomes ready when a connection is resumed */
    for (double ends = ic_now() + ANSWER_SECONDS, left; intake->answered && (left = ends - ic_now()) > 0;)
        intake_serve(intake, left);
    intake->answered = NULL;
}

void ic_intake_close(ic_intake *intake) {
    if (!intake || intake->owner != getpid()) return;
    while (intake->first) { /* a suspended connection must be resumed before the daemon is stopped */
        intake_request *mine = intake->first;
        intake_dequeue(intake, mine);
        mine->body.failed = true;
        MHD_resume_connection(mine->connection);
    }
    MHD_stop_daemon(intake->daemon);
    ic_free(intake);
}
