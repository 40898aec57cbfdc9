#include "core/engine/transfer_failure.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/http/client_certificate.h"
#include <errno.h>
#include <string.h>

static const struct {
    CURLcode code;
    ic_error_kind kind;
} failure_kinds[] = {
    {CURLE_OPERATION_TIMEDOUT, IC_ERR_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, IC_ERR_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, IC_ERR_TLS},
    {CURLE_SSL_CERTPROBLEM, IC_ERR_TLS},
    {CURLE_SSL_CIPHER, IC_ERR_TLS},
    {CURLE_SSL_CACERT_BADFILE, IC_ERR_TLS},
    {CURLE_SSL_ISSUER_ERROR, IC_ERR_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, IC_ERR_TLS},
    {CURLE_SSL_CRL_BADFILE, IC_ERR_TLS},
    {CURLE_USE_SSL_FAILED, IC_ERR_TLS},
    {CURLE_BAD_CONTENT_ENCODING, IC_ERR_PROTOCOL},
    {CURLE_WRITE_ERROR, IC_ERR_PROTOCOL}, /* libcurl's own: bytes behind the end of a compressed answer */
    {CURLE_WEIRD_SERVER_REPLY, IC_ERR_PROTOCOL},
    {CURLE_UNSUPPORTED_PROTOCOL, IC_ERR_PROTOCOL},
    {CURLE_URL_MALFORMAT, IC_ERR_PROTOCOL},
    {CURLE_OUT_OF_MEMORY, IC_ERR_MEMORY},
    {CURLE_READ_ERROR, IC_ERR_IO},
    {CURLE_FILE_COULDNT_READ_FILE, IC_ERR_IO},
};

static ic_error_kind failure_kind(CURLcode code) {
    for (size_t i = 0; i < sizeof failure_kinds / sizeof *failure_kinds; i++)
        if (failure_kinds[i].code == code) return failure_kinds[i].kind;
    return IC_ERR_NETWORK;
}

/* The host and port that the attempt was sent to. */
static void failure_host(const ic_transfer *transfer, ic_buf *host) {
    ic_buf url = {0};
    ic_call_url(transfer->call, &url);
    const char *text = ic_buf_text(&url), *at = text ? strstr(text, "://") : NULL;
    if (at) ic_buf_add(host, at + 3, strcspn(at + 3, "/?"));
    ic_buf_free(&url);
}

static void failure_explain_tls(const ic_transfer *transfer, const char *text) {
    const ic_connection *connection = transfer->call->connection;
    const char *authorities =
        connection->settings.ca_path ? connection->settings.ca_path : connection->ca_file;
    char dates[80];
    ic_buf host = {0};
    failure_host(transfer, &host);
    double now = ic_wall_time();
    ic_certificate certificate = ic_setup_certificate(&transfer->setup, now);
    ic_certificate_describe(&certificate, now, dates, sizeof dates);
    const char *name = ic_buf_text(&host);
    ic_error_set(&transfer->call->error, IC_ERR_TLS,
                 "%s (%s%s%s); certificates were checked against %s (options ca_file and ca_path)", text,
                 name ? name : "", *dates ? ": " : "", dates, authorities ? authorities : "none");
    ic_buf_free(&host);
}

static void failure_explain_client_certificate(const ic_transfer *transfer, const char *text) {
    const ic_settings *settings = &transfer->call->connection->settings;
    ic_buf reason = {0};
    ic_client_certificate_objection(settings->client_cert, settings->client_key,
                                    settings->client_key_password, &reason);
    const char *found = reason.length ? ic_buf_text(&reason) : text;
    ic_error_set(&transfer->call->error, IC_ERR_TLS,
                 "the client certificate cannot be used: %s (options client_cert and client_key)",
                 found ? found : text);
    ic_buf_free(&reason);
}

static void failure_explain_refusal(const ic_transfer *transfer, const char *text) {
    const char *shown = ic_setup_shown_certificate(&transfer->setup);
    ic_buf host = {0};
    failure_host(transfer, &host);
    const char *name = ic_buf_text(&host);
    ic_error_set(&transfer->call->error, IC_ERR_TLS, "%s %s%s: %s (options client_cert and client_key)",
                 name ? name : "the server",
                 shown ? "refuses the client certificate of " : "seems to want a client certificate",
                 shown ? shown : "", text);
    ic_buf_free(&host);
}

/* Names the option whose time has run out; "" when libcurl ended a transfer that had stalled. libcurl rounds
 * times to milliseconds, and so can be early by one. */
static const char *failure_expired_option(const ic_transfer *transfer) {
    double limit = transfer->setup.timeout;
    bool expired = limit && ic_now() - transfer->began >= limit - 0.002;
    if (!expired) return transfer->sendings ? "" : " (option connect_timeout)";
    return transfer->deadline_limits ? " (option deadline)" : " (option timeout)";
}

/* libcurl has limits of its own, such as 100 kB for a line. Before 8.6 it reports a longer one as out of
 * memory. */
static bool failure_header_is_long(const ic_transfer *transfer, CURLcode code) {
    if (!transfer->sendings || transfer->output.begun) return false;
#if LIBCURL_VERSION_NUM >= 0x080600
    if (code == CURLE_TOO_LARGE) return true;
#endif
    if (code != CURLE_OUT_OF_MEMORY) return false;
    void *probe = ic_malloc(IC_TRANSFER_HEADER_LIMIT);
    ic_free(probe);
    return probe;
}

/* Whether this process or the system has run out of something. Other failures of socket(2) are about one of
 * the host's addresses. */
static bool failure_lacks(int cause) {
    return cause == EMFILE || cause == ENFILE || cause == ENOBUFS || cause == ENOMEM;
}

void ic_transfer_explain(ic_transfer *transfer, CURLcode code, ic_ended *ended) {
    ic_error *error = &transfer->call->error;
    const char *text = transfer->message[0] ? transfer->message : curl_easy_strerror(code);
    if (code == CURLE_WRITE_ERROR) text = "the answer has something behind its compressed bytes";
    bool endless = failure_header_is_long(transfer, code);
    ended->failure = failure_kind(code);
    bool refused = !transfer->call->response.status && ic_client_certificate_is_refused(text);
    ended->handshake = code == CURLE_SSL_CONNECT_ERROR && !refused;
    if (transfer->output.failure) {
        ended->failure = transfer->output.failure;
        ic_output_explain(&transfer->output, transfer->call, error);
    } else if (transfer->setup.changed) {
        ended->failure = IC_ERR_IO;
        ic_error_set(error, IC_ERR_IO, "%s changed while it was sent", transfer->setup.changed);
    } else if (transfer->call->response.headers.failed) {
        ended->failure = IC_ERR_MEMORY;
        ic_error_memory(error);
    } else if (transfer->headers_too_large || endless) {
        ended->failure = IC_ERR_PROTOCOL;
        ic_error_set(error, IC_ERR_PROTOCOL, "the header of the answer has no end%s",
                     code == CURLE_OUT_OF_MEMORY ? ", or libcurl is out of memory" : "");
    } else if (transfer->header_truncated) {
        ended->failure = IC_ERR_NETWORK;
        ic_error_set(error, IC_ERR_NETWORK, "the connection ended before the header of the answer did");
    } else if (code == CURLE_COULDNT_CONNECT && failure_lacks(transfer->setup.no_socket)) {
        ic_error_set(error, IC_ERR_NETWORK, "cannot open a socket: %s", strerror(transfer->setup.no_socket));
    } else if (transfer->second_refused) {
        ended->failure = IC_ERR_NETWORK;
        ic_error_set(error, IC_ERR_NETWORK, "the connection broke after the request was sent");
    } else if (code == CURLE_SSL_CERTPROBLEM) {
        failure_explain_client_certificate(transfer, text);
    } else if (refused) {
        ended->failure = IC_ERR_TLS;
        ended->sent = false;
        failure_explain_refusal(transfer, text);
    } else if (ended->failure == IC_ERR_TLS) {
        failure_explain_tls(transfer, text);
    } else if (ended->failure == IC_ERR_MEMORY) {
        ic_error_memory(error);
    } else {
        ic_error_set(error, ended->failure, "%s%s%s", text,
                     ended->failure == IC_ERR_TIMEOUT ? failure_expired_option(transfer) : "",
                     transfer->setup.proxied ? " (through the proxy)" : "");
    }
}
