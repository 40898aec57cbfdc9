#include "sandbox/http/server.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "listener/html.h"
#include "sandbox/http/exchange.h"
#include "sandbox/http/guard.h"
#include <inttypes.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTION_MEMORY  (1024 * 1024) /* for the request line and headers; used pages only */
#define CONNECTION_SECONDS 60            /* a silent connection is closed */
#define CONNECTIONS_SPARE  16            /* connections that are being closed while new ones arrive */
#define HEARD_OUT          (1024 * 1024) /* bytes that are read of a body beyond the limit */
#define RESPONSE_BLOCK     (64 * 1024)
#define TLS_PRIORITIES     "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* --- reading a body --- */

/* The headers have been received: decides how to read the body. */
static void server_begin(ic_exchange *x, const char *verb) {
    x->begun = true;
    x->verb = verb;
    const char *length = ic_exchange_header(x, "Content-Length");
    /* A body slightly over the limit is still read to its end, because its client would miss an earlier
     * answer. */
    if (length && strtoumax(length, NULL, 10) > (uintmax_t)x->max_body + HEARD_OUT) x->too_large = true;
    if (ic_exchange_is_type(x, MHD_HTTP_POST_ENCODING_MULTIPART_FORMDATA)) ic_form_begin(x);
}

static void server_receive(ic_exchange *x, const char *data, size_t size) {
    x->received += size;
    if (x->received > x->max_body) x->too_large = true;
    if (x->too_large || x->malformed || x->no_memory || x->disk_error) {
        x->wasted += size;
        return;
    }
    if (x->has_fields) {
        ic_form_add(x, data, size);
        return;
    }
    if (x->received > IC_TEXT_MAX)
        x->too_large = true;
    else
        ic_buf_add(&x->raw, data, size);
    if (x->raw.failed) x->no_memory = true;
}

/* --- answering --- */

static void server_response_free_json(void *text) {
    ic_json_text_free(text);
}

static struct MHD_Response *server_response_of_buffer(char *text, MHD_ContentReaderFreeCallback end) {
    return MHD_create_response_from_buffer_with_free_callback(strlen(text), text, end);
}

static ssize_t server_response_read_blob(void *blob, uint64_t offset, char *into, size_t size) {
    ptrdiff_t got = ic_blob_read(blob, offset, into, size);
    return got > 0 ? got : MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *server_response_of_blob(ic_exchange *x) {
    struct MHD_Response *response = MHD_create_response_from_callback(
        ic_blob_length(x->blob), RESPONSE_BLOCK, server_response_read_blob, x->blob, ic_blob_release);
    if (!response) return NULL;
    x->blob = NULL; /* now owned by the response */
    if (x->media_type) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, x->media_type);
    if (x->disposition)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, x->disposition);
    else if (!x->media_type) /* without a name, as Ironclad sends it */
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, "attachment");
    return response;
}

static struct MHD_Response *server_response_of_text(ic_exchange *x) {
    struct MHD_Response *response = server_response_of_buffer(x->text, server_response_free_json);
    if (!response) return NULL;
    x->text = NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json; charset=utf-8");
    return response;
}

static struct MHD_Response *server_response_of_html(ic_exchange *x) {
    struct MHD_Response *response = server_response_of_buffer(x->html, ic_free);
    if (!response) return NULL;
    x->html = NULL;
    ic_html_headers(response, *x->frame_ancestor ? x->frame_ancestor : NULL);
    return response;
}

/* The first half of the announced length. */
static ssize_t server_response_read_half(void *blob, uint64_t offset, char *into, size_t size) {
    uint64_t half = ic_blob_length(blob) / 2;
    if (offset >= half) return MHD_CONTENT_READER_END_WITH_ERROR;
    return server_response_read_blob(blob, offset, into,
                                     size < half - offset ? size : (size_t)(half - offset));
}

static struct MHD_Response *server_response_truncated(const ic_exchange *x) {
    const char *text = x->text ? x->text : x->html ? x->html : "a page";
    char *copy = x->blob ? NULL : ic_strdup(text);
    ic_blob *blob = x->blob ? ic_blob_hold(x->blob) : copy ? ic_blob_new(copy, strlen(text)) : NULL;
    if (!blob) return NULL;
    struct MHD_Response *response = MHD_create_response_from_callback(
        ic_blob_length(blob), RESPONSE_BLOCK, server_response_read_half, blob, ic_blob_release);
    if (!response) ic_blob_release(blob);
    return response;
}

static struct MHD_Response *server_response_make(ic_exchange *x) {
    if (x->ending == IC_ENDING_CUT) return server_response_truncated(x);
    if (x->blob) return server_response_of_blob(x);
    if (x->text) return server_response_of_text(x);
    if (x->html) return server_response_of_html(x);
    return MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
}

static void server_response_add_number(struct MHD_Response *response, const char *name, size_t number) {
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", number);
    MHD_add_response_header(response, name, digits);
}

static void server_response_add_limits(struct MHD_Response *response, const ic_exchange *x) {
    if (x->retry_after) server_response_add_number(response, MHD_HTTP_HEADER_RETRY_AFTER, x->retry_after);
    if (!x->quota.limit) return;
    server_response_add_number(response, "X-RateLimit-Limit", x->quota.limit);
    server_response_add_number(response, "X-RateLimit-Remaining", x->quota.remaining);
    server_response_add_number(response, "X-RateLimit-Reset", x->quota.reset);
}

static enum MHD_Result server_send(ic_exchange *x) {
    struct MHD_Response *response = x->ending == IC_ENDING_NONE ? NULL : server_response_make(x);
    if (!response) return MHD_NO; /* the connection is closed */
    server_response_add_limits(response, x);
    if (x->location) MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, x->location);
    MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, ic_time_print_http(x->time).text);
    MHD_add_response_header(response, "x-ironclad-requestid", x->id);
    MHD_add_response_header(response, "x-response-id", x->id);
    enum MHD_Result queued = MHD_queue_response(x->connection, x->status, response);
    MHD_destroy_response(response);
    return queued;
}

static void server_log(const ic_server *server, const ic_exchange *x) {
    if (ic_is_control(x->path)) return;
    char status[16];
    snprintf(status, sizeof status, "%u", x->status);
    const char *actor = x->token && x->token->user ? x->token->user->email : NULL;
    if (!actor) actor = ic_exchange_header(x, "x-as-user-email");
    if (!actor) actor = ic_exchange_header(x, "x-as-user-id");
    const char *const texts[IC_LOG_TEXTS] = {status, x->verb, x->target, x->operation ? x->operation->id : "",
                                             actor ? actor : ""};
    ic_log_add(server->log, ic_company_now(server->company), texts);
}

/* A body that cannot be used is still read, so that its client gets the answer, but not without limit. */
static bool server_stops_reading(const ic_exchange *x) {
    return x->too_large && x->wasted > HEARD_OUT;
}

/* `whole`: the request has been read completely. */
static enum MHD_Result server_answer(const ic_server *server, ic_exchange *x, bool whole) {
    pthread_mutex_lock(server->lock);
    ic_new_uuid(x->company, x->id);
    if (ic_guard_admits(x, server->host, ic_is_control(x->path))) server->answer(x);
    x->time = ic_company_now(x->company);
    server_log(server, x);
    pthread_mutex_unlock(server->lock);
    x->answered = true;
    /* When the suspended connection is resumed, server_on_request is called again. */
    if (x->delay > 0 && whole && ic_delays_add(server->delays, x->connection, x->delay)) return MHD_YES;
    return server_send(x);
}

/* No answer can be sent in the middle of a body, so the connection is closed. */
static enum MHD_Result server_give_up(const ic_server *server, ic_exchange *x) {
    x->status = 413;
    pthread_mutex_lock(server->lock);
    server_log(server, x);
    pthread_mutex_unlock(server->lock);
    return MHD_NO;
}

/* --- libmicrohttpd's callbacks --- */

static ic_connection *server_connection(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void server_on_connection(void *context, struct MHD_Connection *connection, void **entry,
                                 enum MHD_ConnectionNotificationCode code) {
    ic_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *entry = ic_connections_add(&server->connections, connection);
    } else {
        ic_connections_remove(&server->connections, *entry);
        *entry = NULL;
    }
}

void ic_exchange_clear(ic_exchange *x) {
    ic_form_clear(x);
    for (size_t i = 0; i < sizeof x->values / sizeof x->values[0]; i++)
        ic_free(x->values[i]);
    ic_free(x->target);
    ic_free(x->path);
    ic_buf_free(&x->raw);
    cJSON_Delete(x->body);
    ic_json_text_free(x->text);
    ic_blob_release(x->blob);
    ic_free(x->html);
    ic_free(x->location);
    ic_free(x->disposition);
}

/* The request line has been received. Only here the target is available as sent, percent-encoded. */
static void *server_on_target(void *context, const char *target, struct MHD_Connection *connection) {
    ic_server *server = context;
    ic_exchange *x = ic_calloc(1, sizeof *x);
    if (!x) return NULL;
    ic_connections_begin(&server->connections, server_connection(connection));
    x->company = server->company;
    x->log = server->log;
    x->connection = connection;
    x->max_body = server->max_body;
    x->product = server->product;
    x->target = ic_strdup(target);
    x->path = ic_strndup(target, strcspn(target, "?"));
    if (x->target && x->path) return x;
    ic_connections_end(&server->connections, server_connection(connection));
    ic_exchange_clear(x);
    ic_free(x);
    return NULL;
}

/* Called once for the headers, then for each piece of the body, and finally without data. */
static enum MHD_Result server_on_request(void *context, struct MHD_Connection *connection, const char *url,
                                         const char *verb, const char *version, const char *data,
                                         size_t *size, void **request) {
    (void)connection, (void)url, (void)version;
    ic_exchange *x = *request;
    if (!x) return MHD_NO;
    if (!x->begun) {
        server_begin(x, verb);
        return x->too_large ? server_answer(context, x, false) : MHD_YES;
    }
    if (*size) {
        server_receive(x, data, *size);
        *size = 0;
        return server_stops_reading(x) ? server_give_up(context, x) : MHD_YES;
    }
    if (x->answered) return server_send(x);
    ic_form_end(x);
    return server_answer(context, x, true);
}

static void server_on_completed(void *context, struct MHD_Connection *connection, void **request,
                                enum MHD_RequestTerminationCode why) {
    (void)why;
    ic_server *server = context;
    ic_exchange *x = *request;
    if (!x) return;
    ic_connections_end(&server->connections, server_connection(connection));
    ic_exchange_clear(x);
    ic_free(x);
    *request = NULL;
}

/* --- start and stop --- */

bool ic_server_start(ic_server *server, int socket, const ic_certificate *certificate) {
    /* Not with epoll: libmicrohttpd would miss the end of a connection that arrives together with its last
     * bytes, and hold the connection until the idle timeout. */
    unsigned flags =
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (certificate ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, certificate ? certificate->key : NULL},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, certificate ? certificate->certificate : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    server->connections.limit = ic_connections_limit();
    server->delays = ic_delays_new();
    if (!server->delays) return false;
    /* Signals are for the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, server_on_request, server, MHD_OPTION_LISTEN_SOCKET, socket,
        MHD_OPTION_URI_LOG_CALLBACK, server_on_target, server, MHD_OPTION_NOTIFY_COMPLETED,
        server_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, server,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)CONNECTION_SECONDS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(server->connections.limit + CONNECTIONS_SPARE), MHD_OPTION_ARRAY,
        certificate ? tls : tls + 3, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return server->daemon != NULL;
}

void ic_server_stop(ic_server *server) {
    if (server->delays) ic_delays_stop(server->delays);
    if (server->daemon) MHD_stop_daemon(server->daemon);
    ic_delays_free(server->delays);
    server->daemon = NULL;
    server->delays = NULL;
}
