#include "core/http/setup.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "core/base/process.h"
#include "core/base/text.h"
#include "core/http/attempt_id.h"
#include "core/http/proxy.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Seconds without a byte after which a file transfer counts as broken. */
#define STALL 30L

/* The longest time in seconds that a kept TCP connection may have been idle when a request that may not be
 * repeated is sent over it. Servers close idle connections, and then it is unknown whether the request
 * arrived. */
#define FRESH 30L

/* The beginnings of header fields by which ic_setup_fits recognises what they hold. */
#define BEARER      "Authorization: Bearer "
#define ACTOR_EMAIL "x-as-user-email: "
#define ACTOR_ID    "x-as-user-id: "
#define ATTEMPT_ID  IC_ATTEMPT_ID_HEADER ": "

/* Returns false at the first option that libcurl refuses: out of memory, or not built in. */
#define SET(option, value)                                                                                   \
    if (curl_easy_setopt(setup->easy, CURLOPT_##option, value) != CURLE_OK) return false

/* The request target is given as well, because libcurl silently drops the query when it runs out of memory
 * while it takes the URL apart. An HTTP proxy needs the whole URL of a plain request (RFC 9112, 3.2.2). */
static bool setup_request_target(ic_setup *setup) {
    const char *url = setup->url, *proxy = setup->connection->proxy, *host = strstr(url, "://");
    if (setup->proxied && ic_text_starts(url, "http:") && ic_text_starts(proxy, "http")) {
        SET(REQUEST_TARGET, url);
        return true;
    }
    const char *path = host ? host + 3 + strcspn(host + 3, "/?") : url;
    if (*path == '/') {
        SET(REQUEST_TARGET, path);
        return true;
    }
    ic_buf target = {0};
    ic_buf_printf(&target, "/%s", path);
    const char *text = ic_buf_text(&target);
    bool set = text && curl_easy_setopt(setup->easy, CURLOPT_REQUEST_TARGET, text) == CURLE_OK;
    ic_buf_free(&target);
    return set;
}

static bool setup_url(ic_setup *setup) {
    if (!setup_request_target(setup)) return false;
    SET(URL, setup->url);
    return true;
}

static bool setup_target(ic_setup *setup) {
    const ic_connection *connection = setup->connection;
    if (!ic_proxy_applies(connection->proxy, connection->settings.no_proxy, setup->url, &setup->proxied))
        return false;
    if (!setup_url(setup)) return false;
    SET(PATH_AS_IS, 1L);
    SET(FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(PROTOCOLS_STR, "http,https");
#else
    SET(PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    return true;
}

static ssize_t setup_reader_read(const ic_reader *reader, char *into, size_t length) {
    const ic_part *part = reader->part;
    if (reader->file < 0) {
        memcpy(into, part->data + reader->at, length);
        return (ssize_t)length;
    }
    for (;;) {
        ssize_t count = pread(reader->file, into, length, (off_t)reader->at);
        if (count >= 0 || errno != EINTR) return count;
    }
}

static bool setup_reader_has_changed(const ic_reader *reader) {
    struct stat now;
    const struct stat *then = &reader->opened;
    if (reader->file < 0) return false;
    if (fstat(reader->file, &now) != 0 || now.st_size != then->st_size) return true;
    struct timespec written = ic_modification_time(&now), before = ic_modification_time(then);
    return written.tv_sec != before.tv_sec || written.tv_nsec != before.tv_nsec;
}

/* Sends exactly the announced number of bytes. When the file changes meanwhile, the attempt ends. */
static size_t setup_reader_on_read(char *into, size_t size, size_t count, void *argument) {
    ic_reader *reader = argument;
    size_t left = reader->size - reader->at, length = size * count;
    if (length > left) length = left;
    if (length == 0) return 0;
    ssize_t got = setup_reader_read(reader, into, length);
    /* Before the last bytes the file is checked: without them the server has only a fragment. */
    if (got <= 0 || (got == (ssize_t)left && setup_reader_has_changed(reader))) {
        reader->setup->changed = reader->part->path;
        return CURL_READFUNC_ABORT;
    }
    reader->at += (size_t)got;
    return (size_t)got;
}

static int setup_reader_on_seek(void *argument, curl_off_t offset, int origin) {
    ic_reader *reader = argument;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > reader->size) return CURL_SEEKFUNC_FAIL;
    reader->at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* Only a regular file with a known size can be sent: a pipe could block the engine's thread, and a folder or
 * a file in /proc has no content of a known size. */
static bool setup_reader_open(ic_reader *reader, ic_error *error) {
    struct stat *about = &reader->opened;
    const char *path = reader->part->path, *wrong = NULL;
    char byte;
    reader->file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (reader->file < 0 || fstat(reader->file, about) != 0)
        wrong = strerror(errno);
    else if (!S_ISREG(about->st_mode))
        wrong = "it is not a regular file";
    else if (about->st_size == 0 && pread(reader->file, &byte, 1, 0) > 0)
        wrong = "its size is not known";
    else if (about->st_size == 0)
        wrong = "it is empty";
    else
        reader->size = (size_t)about->st_size;
    if (wrong) ic_error_set(error, IC_ERR_IO, "cannot read %s: %s", path, wrong);
    return !wrong;
}

static bool setup_add_file(ic_setup *setup, curl_mimepart *into, long index) {
    const ic_part *part = &setup->request->parts.items[index];
    ic_reader *reader = &setup->readers[index];
    reader->part = part;
    reader->size = part->length;
    if (part->path && reader->file < 0 && !setup_reader_open(reader, setup->error)) return false;
    return curl_mime_data_cb(into, (curl_off_t)reader->size, setup_reader_on_read, setup_reader_on_seek, NULL,
                             reader) == CURLE_OK &&
           curl_mime_filename(into, part->filename) == CURLE_OK &&
           curl_mime_type(into, part->content_type) == CURLE_OK;
}

static bool setup_mime(ic_setup *setup) {
    const ic_request *request = setup->request;
    setup->mime = curl_mime_init(setup->easy);
    setup->readers = ic_calloc(request->parts.count + 1, sizeof *setup->readers);
    if (!setup->mime || !setup->readers) return false;
    for (size_t i = 0; i <= request->parts.count; i++)
        setup->readers[i] = (ic_reader){.setup = setup, .file = -1};
    for (size_t i = 0; i < request->form_count; i++) {
        const ic_form_field *field = &request->form[i];
        curl_mimepart *part = curl_mime_addpart(setup->mime);
        if (!part || curl_mime_name(part, field->name) != CURLE_OK) return false;
        if (field->file >= 0) {
            if (!setup_add_file(setup, part, field->file)) return false;
        } else if (curl_mime_data(part, field->text, CURL_ZERO_TERMINATED) != CURLE_OK ||
                   (field->content_type && curl_mime_type(part, field->content_type) != CURLE_OK)) {
            return false;
        }
    }
    SET(MIMEPOST, setup->mime);
    return true;
}

static bool setup_method(ic_setup *setup) {
    const ic_request *request = setup->request;
    if (request->method == IC_GET) {
        SET(HTTPGET, 1L);
        return true;
    }
    if (request->form) {
        if (!setup_mime(setup)) return false;
    } else if (request->body || request->method == IC_POST) {
        /* libcurl does not copy the body; the request outlives the handle. */
        SET(POSTFIELDS, request->body ? request->body : "");
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)(request->body ? strlen(request->body) : 0));
    }
    if (request->method != IC_POST) SET(CUSTOMREQUEST, ic_method_name(request->method));
    return true;
}

static bool setup_add_header(ic_setup *setup, const char *name, const char *value) {
    ic_buf line = {0};
    ic_buf_printf(&line, "%s%s", name, value);
    const char *text = ic_buf_text(&line);
    struct curl_slist *longer = text ? curl_slist_append(setup->headers, text) : NULL;
    if (line.data) ic_wipe(line.data, line.length);
    ic_buf_free(&line);
    if (longer) setup->headers = longer;
    return longer != NULL;
}

static bool setup_wants_json(const ic_setup *setup) {
    return setup->request->answer == IC_ANSWER_JSON || setup->request->answer == IC_ANSWER_NOTHING;
}

/* Only where JSON is expected: what is missing from a truncated gzip stream goes unnoticed by libcurl, but
 * makes the JSON invalid. */
static bool setup_takes_gzip(const ic_setup *setup) {
    return !setup->moves_file && setup_wants_json(setup);
}

/* A field, because libcurl formats the option twice for each request. But only the option reaches the proxy
 * with CONNECT. */
static bool setup_agent(ic_setup *setup) {
    const char *agent = setup->connection->user_agent;
    if (!setup->proxied) {
        bool given = !setup->foreign && ic_request_header(setup->request, "User-Agent");
        return given || setup_add_header(setup, "User-Agent: ", agent);
    }
    SET(USERAGENT, agent);
    return true;
}

/* Only the connection's own host gets the bearer, the actor and the caller's headers. */
static bool setup_headers(ic_setup *setup) {
    const ic_request *request = setup->request;
    const char *actor = setup->foreign || request->anonymous || request->no_bearer ? NULL : setup->actor;
    bool json = setup_wants_json(setup);
    /* libcurl may add it to a request with a body. */
    bool added = request->method == IC_GET || setup_add_header(setup, "Expect:", "");
    bool accepts = !setup->foreign && ic_request_header(request, "Accept");
    if (added && !accepts) added = setup_add_header(setup, "Accept: ", json ? "application/json" : "*/*");
    if (added && !setup_takes_gzip(setup)) added = setup_add_header(setup, "Accept-Encoding: ", "identity");
    if (added && setup->bearer && !setup->foreign && !request->no_bearer)
        added = setup_add_header(setup, BEARER, setup->bearer);
    if (added && request->authorization)
        added = setup_add_header(setup, "Authorization: ", request->authorization);
    if (added && actor) added = setup_add_header(setup, strchr(actor, '@') ? ACTOR_EMAIL : ACTOR_ID, actor);
    if (added && request->body)
        added = setup_add_header(
            setup, "Content-Type: ", request->content_type ? request->content_type : "application/json");
    else if (added && !request->form && request->method != IC_GET)
        added = setup_add_header(setup, "Content-Type:", "");
    if (added && setup->attempt_id && !ic_request_header(request, IC_ATTEMPT_ID_HEADER))
        added = setup_add_header(setup, ATTEMPT_ID, setup->attempt_id);
    for (size_t i = 0; added && !setup->foreign && i < request->header_count; i++)
        added = setup_add_header(setup, "", request->headers[i]);
    if (!added || !setup_agent(setup)) return false;
    SET(HTTPHEADER, setup->headers);
    return true;
}

static long setup_milliseconds(double seconds) {
    return (long)fmax(1, fmin(ceil(seconds * 1000), 2e9));
}

static bool setup_limits(ic_setup *setup) {
    SET(TIMEOUT_MS, setup->timeout ? setup_milliseconds(setup->timeout) : 0L);
    SET(CONNECTTIMEOUT_MS, setup_milliseconds(setup->connection->settings.connect_timeout));
    if (setup->moves_file) {
        SET(LOW_SPEED_LIMIT, 1L);
        SET(LOW_SPEED_TIME, STALL);
    }
    if (setup_takes_gzip(setup)) SET(ACCEPT_ENCODING, "gzip");
    if (!setup->request->repeatable) SET(MAXAGE_CONN, FRESH);
    return true;
}

/* Without a password OpenSSL would ask for one at the terminal. */
static bool setup_client_certificate(ic_setup *setup) {
    const ic_settings *settings = &setup->connection->settings;
    const char *shown = ic_setup_shown_certificate(setup);
    if (!shown) return true;
    SET(SSLCERT, shown);
    SET(SSLKEY, settings->client_key ? settings->client_key : settings->client_cert);
    SET(KEYPASSWD, settings->client_key_password ? settings->client_key_password : "");
    return true;
}

static bool setup_security(ic_setup *setup) {
    const ic_connection *connection = setup->connection;
    SET(SSL_VERIFYPEER, 1L);
    SET(SSL_VERIFYHOST, 2L);
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* With both set, libcurl reads the bundle again for every connection, which takes 20 ms. */
    SET(CAINFO, connection->ca_file);
    SET(CAPATH, connection->settings.ca_path);
    SET(PROXY, setup->proxied ? connection->proxy : "");
    SET(NOPROXY, "");
    if (setup->proxied && connection->proxy_user) SET(PROXYUSERNAME, connection->proxy_user);
    if (setup->proxied && connection->proxy_password) SET(PROXYPASSWORD, connection->proxy_password);
    SET(SUPPRESS_CONNECT_HEADERS, 1L);
    SET(SSL_SESSIONID_CACHE, 0L); /* every TCP connection is verified in full */
    return setup_client_certificate(setup);
}

/* An alert has a level and a description (RFC 8446, 6). */
static bool setup_is_close_notify(const char *bytes, size_t length) {
    return length == 2 && bytes[1] == 0;
}

/* Receives the handshake's messages, and TLS's alerts. libcurl shows them decrypted, whatever the version of
 * TLS. */
static int setup_on_debug(CURL *easy, curl_infotype type, char *bytes, size_t length, void *argument) {
    ic_setup *setup = argument;
    (void)easy;
    if (type != CURLINFO_SSL_DATA_IN) return 0;
    if (setup_is_close_notify(bytes, length)) setup->said_end = true;
    if (!ic_certificate_is_message((const unsigned char *)bytes, length)) return 0;
    setup->presented.length = 0;
    ic_buf_add(&setup->presented, bytes, length);
    return 0;
}

/* Debugging is switched on for new connections and for files only: it makes every other request slower. */
static curl_socket_t setup_open_socket(void *argument, curlsocktype purpose, struct curl_sockaddr *address) {
    ic_setup *setup = argument;
    (void)purpose;
    curl_easy_setopt(setup->easy, CURLOPT_VERBOSE, 1L);
    curl_socket_t opened = ic_open_socket(address->family, address->socktype, address->protocol, false);
    if (opened < 0) setup->no_socket = errno;
    if (opened < 0) return CURL_SOCKET_BAD;
    if (ic_process_register(opened)) return setup->opened = opened;
    close(opened);
    return CURL_SOCKET_BAD;
}

static int setup_close_socket(void *argument, curl_socket_t opened) {
    (void)argument;
    ic_process_unregister(opened);
    return close(opened);
}

/* Over plain TCP only the first answer would show whether the server speaks HTTP/2, and all others would wait
 * for it. */
static bool setup_shares(const ic_setup *setup) {
    const char *version = setup->connection->settings.http_version;
    bool plain = setup->moves_file || setup->unshared || (version && strcmp(version, "1.1") == 0);
    return !plain && ic_text_starts(setup->url, "https:");
}

/* Where both versions are in one pool, libcurl 7.88 can put a request that may share a connection on one of
 * HTTP/1.1 that another request uses. There it would wait for that one's end, or stand in the middle of its
 * body. */
static bool setup_pool(ic_setup *setup) {
    if (!setup->shares && ic_text_starts(setup->url, "https:")) SET(SHARE, setup->unshared_pool);
    return true;
}

static bool setup_connection(ic_setup *setup) {
    setup->shares = setup_shares(setup);
    if (!setup_pool(setup)) return false;
    SET(HTTP_VERSION, (long)(setup->shares ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    /* Calls that start together wait for one HTTP/2 connection and share it. */
    SET(PIPEWAIT, setup->shares ? 1L : 0L);
    SET(FRESH_CONNECT, setup->new_connection ? 1L : 0L);
    if (setup->resolve_anew) SET(DNS_CACHE_TIMEOUT, 0L);
    SET(NOSIGNAL, 1L);
    /* NATs and firewalls forget a TCP connection on which nothing is sent, as during a slow answer. libcurl
     * sends the first probe after 60 s. */
    SET(TCP_KEEPALIVE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(QUICK_EXIT, 1L);
#endif
    SET(OPENSOCKETFUNCTION, setup_open_socket);
    SET(OPENSOCKETDATA, setup);
    SET(CLOSESOCKETFUNCTION, setup_close_socket);
    SET(DEBUGFUNCTION, setup_on_debug);
    SET(DEBUGDATA, setup);
    return true;
}

bool ic_setup_easy(ic_setup *setup) {
    setup->host = setup->request->host;
    return setup_target(setup) && setup_method(setup) && setup_headers(setup) && setup_limits(setup) &&
           setup_security(setup) && setup_connection(setup);
}

bool ic_setup_is_plain(const ic_setup *setup) {
    const ic_request *request = setup->request;
    bool sends = request->method != IC_GET || request->body || request->form || request->header_count;
    bool secret = request->authorization || request->sensitive;
    bool other = request->anonymous || request->no_bearer || request->absolute || setup->foreign;
    return !sends && !secret && !other && !setup->moves_file && request->repeatable && setup->bearer &&
           setup_wants_json(setup) && !setup->connection->proxy && !setup->resolve_anew;
}

/* The value of the header field that begins so; NULL: there is none. */
static char *setup_header(const ic_setup *setup, const char *beginning) {
    for (const struct curl_slist *line = setup->headers; line; line = line->next)
        if (ic_text_starts(line->data, beginning)) return line->data + strlen(beginning);
    return NULL;
}

static bool setup_has_actor(const ic_setup *setup, const char *actor) {
    const char *email = setup_header(setup, ACTOR_EMAIL),
               *given = email ? email : setup_header(setup, ACTOR_ID);
    return actor ? given && strcmp(given, actor) == 0 : !given;
}

ic_fit ic_setup_fits(const ic_setup *setup, const ic_setup *wanted) {
    if (setup->connection != wanted->connection) return IC_FIT_NOT;
    const char *bearer = setup_header(setup, BEARER);
    const char *id = setup_header(setup, ATTEMPT_ID);
    if (!bearer || strcmp(bearer, wanted->bearer) != 0) return IC_FIT_NEVER;
    if (!id != !wanted->attempt_id || setup->shares != setup_shares(wanted)) return IC_FIT_NOT;
    return setup_has_actor(setup, wanted->actor) && setup->host == wanted->request->host ? IC_FIT
                                                                                         : IC_FIT_NOT;
}

bool ic_setup_again(ic_setup *setup, const ic_setup *wanted) {
    CURL *easy = setup->easy;
    struct curl_slist *headers = setup->headers;
    *setup = *wanted;
    setup->easy = easy;
    setup->headers = headers;
    setup->host = setup->request->host;
    setup->shares = setup_shares(setup);
    char *id = setup_header(setup, ATTEMPT_ID);
    if (id) memcpy(id, wanted->attempt_id, IC_ATTEMPT_ID_LENGTH); /* neither is the caller's */
    if (!setup_url(setup)) return false;
    SET(TIMEOUT_MS, setup->timeout ? setup_milliseconds(setup->timeout) : 0L);
    SET(FRESH_CONNECT, setup->new_connection ? 1L : 0L);
    return true;
}

void ic_setup_allow(ic_setup *setup, double seconds) {
    if (!setup->timeout || setup->timeout >= seconds) return;
    curl_easy_setopt(setup->easy, CURLOPT_TIMEOUT_MS, setup_milliseconds(seconds));
}

/* Only the connection's own hosts get the client certificate. */
const char *ic_setup_shown_certificate(const ic_setup *setup) {
    bool own = !setup->foreign && !setup->request->absolute;
    return own ? setup->connection->settings.client_cert : NULL;
}

bool ic_setup_may_lack_end(const ic_setup *setup) {
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version, *scheme = NULL;
    curl_easy_getinfo(setup->easy, CURLINFO_SCHEME, &scheme);
    bool tls = scheme && ic_text_same(scheme, "https");
    bool shown = setup->moves_file && library && ic_text_starts(library, "OpenSSL/");
    return tls && shown && !setup->said_end;
}

ic_certificate ic_setup_certificate(const ic_setup *setup, double now) {
    const ic_buf *message = &setup->presented;
    ic_certificate found = {0};
    if (message->length)
        ic_certificate_read((const unsigned char *)message->data, message->length, now, &found);
    return found;
}

void ic_setup_clear(ic_setup *setup) {
    ic_buf_free(&setup->presented);
    for (struct curl_slist *line = setup->headers; line; line = line->next)
        ic_wipe(line->data, strlen(line->data)); /* one holds the bearer */
    curl_slist_free_all(setup->headers);
    curl_mime_free(setup->mime);
    for (size_t i = 0; setup->readers && i < setup->request->parts.count; i++)
        if (setup->readers[i].file >= 0) close(setup->readers[i].file);
    ic_free(setup->readers);
    setup->headers = NULL;
    setup->mime = NULL;
    setup->readers = NULL;
}
