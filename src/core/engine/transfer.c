#include "core/engine/transfer.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/engine/call_events.h"
#include "core/engine/secrets.h"
#include "core/engine/transfer_failure.h"
#include <string.h>

/* The most interim answers (1xx) to one request. */
#define HEADER_BLOCKS_LIMIT 32
/* Bytes that are allocated for the answer to a grant before it is sent. */
#define GRANT_HEADER 4096
#define GRANT_BODY   16384

/* The most handles that are kept for the next attempts. */
#define IDLE_MAX 64

/* Progress is that of the file: of the request when it is a form, otherwise of the answer. */
static bool transfer_counts_sending(const ic_call *call) {
    return call->request.form != NULL;
}

static int transfer_on_progress(void *argument, curl_off_t whole_answer, curl_off_t got,
                                curl_off_t whole_request, curl_off_t sent) {
    ic_transfer *transfer = argument;
    ic_call *call = transfer->call;
    bool sending = transfer_counts_sending(call);
    curl_off_t done = sending ? sent : got, whole = sending ? whole_request : whole_answer;
    long status = 0;
    curl_easy_getinfo(transfer->setup.easy, CURLINFO_RESPONSE_CODE, &status);
    if (done && (sending || (status >= 200 && status < 300)))
        ic_progress_note(call, (double)done, whole ? (double)whole : -1, false, ic_now());
    return 0;
}

static bool transfer_hook_progress(ic_transfer *transfer) {
    CURL *easy = transfer->setup.easy;
    if (!transfer->call->options.progress) return true;
    return curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, transfer_on_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer) == CURLE_OK;
}

/* Keeps the header of the latest answer, because interim answers (1xx) come before the final one. The fields
 * of the trailer, which comes after the body, are not the header's (RFC 9110, 6.5.1). A line that begins with
 * a blank continues the field before it (RFC 9112, 5.2). */
static size_t transfer_on_header(char *bytes, size_t size, size_t count, void *argument) {
    ic_transfer *transfer = argument;
    ic_buf *headers = &transfer->call->response.headers;
    size_t length = size * count;
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        headers->length = 0;
        transfer->header_whole = false;
        if (++transfer->header_blocks > HEADER_BLOCKS_LIMIT) return transfer->headers_too_large = true, 0;
        return length;
    }
    if (transfer->header_whole) return length;
    if (headers->length + length > IC_TRANSFER_HEADER_LIMIT) return transfer->headers_too_large = true, 0;
    size_t kept = length;
    while (kept && strchr("\r\n", bytes[kept - 1]))
        kept--;
    if (!kept) return transfer->header_whole = length > 0, length;
    if (headers->length && strchr(" \t", *bytes)) headers->length--;
    ic_buf_add(headers, bytes, kept);
    ic_buf_putc(headers, '\n');
    return headers->failed ? 0 : length;
}

static size_t transfer_on_body(char *bytes, size_t size, size_t count, void *argument) {
    ic_transfer *transfer = argument;
    long status = 0;
    curl_easy_getinfo(transfer->setup.easy, CURLINFO_RESPONSE_CODE, &status);
    switch (ic_output_write(&transfer->output, transfer->call, status, bytes, size * count)) {
    case IC_TAKEN: return size * count;
    case IC_TAKEN_LATER: return CURL_WRITEFUNC_PAUSE;
    default: return size * count + 1; /* any number other than `size * count` ends the transfer */
    }
}

/* Whether the connection is a kept one that the server has closed. For a read, which can be repeated, one
 * that has just been used is not checked. */
static bool transfer_meets_closed(ic_transfer *transfer, int ours, int theirs) {
    const ic_setup *setup = &transfer->setup;
    ic_kept_use use = {.now = transfer->began,
                       .suspended = ic_suspended(),
                       .alone = transfer->alone,
                       .changes = !setup->request->reads};
    if (setup->opened >= 0) ic_kept_sockets_note(transfer->kept_sockets, ours, theirs, setup->opened, use);
    if (setup->opened >= 0 || setup->new_connection) return false;
    return ic_kept_sockets_is_closed(transfer->kept_sockets, ours, theirs, use);
}

/* Called before each sending, when the connection is ready (CURLOPT_PREREQFUNCTION(3)). libcurl sends a
 * request again by itself when a kept connection ends before the first byte of the answer, and after HTTP/2's
 * REFUSED_STREAM. An attempt is one sending: the second is refused, and the policy decides on another
 * attempt. Nothing is sent over a kept connection that the server has closed. */
static int transfer_on_sending(void *argument, char *theirs, char *ours, int their_port, int our_port) {
    ic_transfer *transfer = argument;
    (void)theirs, (void)ours;
    /* The handshake is over (setup.c). Of a file, the end of the connection is looked at, too. */
    curl_easy_setopt(transfer->setup.easy, CURLOPT_VERBOSE, transfer->setup.moves_file ? 1L : 0L);
    bool closed = transfer_meets_closed(transfer, our_port, their_port);
    if (!transfer->sendings && closed) transfer->found_closed = true;
    if (transfer->found_closed) return CURL_PREREQFUNC_ABORT;
    if (transfer->sendings++ == 0) return CURL_PREREQFUNC_OK;
    transfer->second_refused = true;
    return CURL_PREREQFUNC_ABORT;
}

static bool transfer_hook(ic_transfer *transfer) {
    CURL *easy = transfer->setup.easy;
    return transfer_hook_progress(transfer) &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, transfer_on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, transfer_on_sending) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message) == CURLE_OK;
}

/* Sets the seconds that the attempt may take (0: no limit): the option timeout, or less when the deadline
 * comes before that. Returns whether the deadline limits it. */
static bool transfer_limit(const ic_call *call, double now, double *seconds) {
    double timeout = ic_call_timeout(call), left = call->deadline - now;
    bool limits = call->deadline && (!timeout || left < timeout);
    *seconds = limits ? left : timeout;
    return limits;
}

static void transfer_free(ic_transfer *transfer) {
    curl_easy_cleanup(transfer->setup.easy);
    ic_setup_clear(&transfer->setup);
    ic_output_free(&transfer->output);
    ic_free(transfer);
}

static void transfer_unlink_idle(ic_engine *engine, ic_transfer *idle) {
    ic_transfer **link = &idle->client->idle_transfers;
    while (*link != idle)
        link = &(*link)->next_idle;
    *link = idle->next_idle;
    *(idle->newer ? &idle->newer->older : &engine->newest_idle) = idle->older;
    *(idle->older ? &idle->older->newer : &engine->oldest_idle) = idle->newer;
    engine->idle_count--;
}

static void transfer_free_idle(ic_engine *engine, ic_transfer *idle) {
    transfer_unlink_idle(engine, idle);
    transfer_free(idle);
}

void ic_transfers_forget(ic_engine *engine, ic_client *client) {
    while (client ? client->idle_transfers : engine->oldest_idle)
        transfer_free_idle(engine, client ? client->idle_transfers : engine->oldest_idle);
}

/* Takes an idle transfer that fits the setup out of its lists. NULL: there is none. */
static ic_transfer *transfer_take_idle(ic_engine *engine, const ic_client *client, const ic_setup *wanted) {
    for (ic_transfer *idle = client->idle_transfers, *next; idle; idle = next) {
        next = idle->next_idle;
        ic_fit fit = ic_setup_fits(&idle->setup, wanted);
        if (fit == IC_FIT) {
            transfer_unlink_idle(engine, idle);
            return idle;
        }
        if (fit == IC_FIT_NEVER) transfer_free_idle(engine, idle);
    }
    return NULL;
}

/* Keeps the transfer for an attempt like its own. The one that has been idle longest makes room for it. */
static void transfer_keep_idle(ic_engine *engine, ic_transfer *transfer) {
    ic_client *client = transfer->client;
    ic_output_free(&transfer->output);
    ic_buf_free(&transfer->setup.presented);
    transfer->next_idle = client->idle_transfers;
    client->idle_transfers = transfer;
    transfer->newer = NULL;
    transfer->older = engine->newest_idle;
    *(transfer->older ? &transfer->older->newer : &engine->oldest_idle) = transfer;
    engine->newest_idle = transfer;
    if (++engine->idle_count > IDLE_MAX) transfer_free_idle(engine, engine->oldest_idle);
}

/* A transfer for the call whose handle has all its options. NULL: with IO in the call's error; without an
 * error when out of memory. */
static ic_transfer *transfer_new(ic_engine *engine, ic_call *call, const ic_setup *wanted) {
    bool plain = ic_setup_is_plain(wanted) && !call->options.progress;
    ic_client *client = plain ? ic_client_of(engine, call->connection) : NULL;
    ic_transfer *transfer = client ? transfer_take_idle(engine, client, wanted) : NULL;
    bool good = false;
    if (transfer) {
        *transfer = (ic_transfer){.call = call, .setup = transfer->setup};
        good = ic_setup_again(&transfer->setup, wanted);
    } else if ((transfer = ic_calloc(1, sizeof *transfer))) {
        transfer->call = call;
        transfer->setup = *wanted;
        transfer->setup.easy = curl_easy_init();
        good = transfer->setup.easy && transfer_hook(transfer) && ic_setup_easy(&transfer->setup);
    }
    if (transfer) transfer->client = client;
    if (good || !transfer) return transfer;
    transfer_free(transfer);
    return NULL;
}

/* Whether the attempt goes over HTTP/1.1, where its connection carries no other request.
 *
 * A server may end an HTTP/2 connection while requests to it are on their way (GOAWAY, RFC 9113, 6.8), as
 * nginx does after keepalive_requests. It does not carry out the last ones, and libcurl does not tell which
 * these are. So no change is sent while another request is under way there.
 *
 * A read that is alone gains nothing from HTTP/2, and its frames and compressed header fields cost a tenth of
 * the whole request. Only the option http_version asks for it there. */
static bool transfer_is_unshared(const ic_engine *engine, const ic_call *call) {
    const char *version = call->connection->settings.http_version;
    bool always_shares = version && strcmp(version, "2") == 0;
    if (!call->request.reads) return !always_shares || engine->sharing > 0;
    return !always_shares && !engine->live->next_live && !engine->more_to_start;
}

bool ic_transfer_begin(ic_engine *engine, ic_call *call, const char *bearer, double now) {
    ic_buf url = {0};
    ic_call_url(call, &url);
    ic_setup setup = {.connection = call->connection,
                      .request = &call->request,
                      .bearer = bearer,
                      .actor = ic_call_actor(call),
                      .attempt_id = call->response.attempt_id,
                      .url = ic_buf_text(&url),
                      .foreign = call->foreign_url != NULL,
                      .moves_file = ic_call_moves_file(call),
                      .new_connection = call->fresh,
                      .resolve_anew = call->fresh && call->retries > 0, /* the host may have moved */
                      .unshared_pool = engine->unshared_pool,
                      .unshared = transfer_is_unshared(engine, call),
                      .opened = -1,
                      .error = &call->error};
    bool deadline_limits = transfer_limit(call, now, &setup.timeout);
    call->response.headers.length = 0;
    call->response.status = 0;
    ic_transfer *transfer = setup.url ? transfer_new(engine, call, &setup) : NULL;
    ic_buf_free(&url);
    call->transfer = transfer;
    if (transfer) {
        ic_stats_change(IC_GAUGE_IN_FLIGHT, 1);
        transfer->setup.url = NULL;
        transfer->kept_sockets = &engine->kept_sockets;
        transfer->began = now;
        transfer->deadline_limits = deadline_limits;
        /* A code or a refresh token can be used only once, so its answer must not be lost when memory runs
         * out. */
        bool reserved = !call->request.sensitive || (ic_buf_reserve(&call->response.headers, GRANT_HEADER) &&
                                                     ic_buf_reserve(&transfer->output.body, GRANT_BODY));
        transfer->added = reserved && curl_multi_add_handle(engine->multi, transfer->setup.easy) == CURLM_OK;
        if (transfer->added && transfer->setup.shares) engine->sharing++;
        transfer->alone = !transfer->setup.shares || engine->sharing == 1;
        if (transfer->added) return true;
    }
    if (call->error.kind == IC_OK) ic_error_memory(&call->error);
    return false;
}

ic_call *ic_transfer_call(CURL *easy) {
    ic_transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    return transfer->call;
}

ic_buf *ic_transfer_body(ic_call *call) {
    return &call->transfer->output.body;
}

bool ic_transfer_sent(const ic_call *call) {
    return call->transfer && call->transfer->sendings > 0;
}

bool ic_transfer_resume(ic_call *call) {
    if (!call->transfer || !call->transfer->added) return true;
    return curl_easy_pause(call->transfer->setup.easy, CURLPAUSE_CONT) == CURLE_OK;
}

void ic_transfer_allow(ic_call *call, double until) {
    if (call->transfer) ic_setup_allow(&call->transfer->setup, until - call->transfer->began);
}

/* JSON with a 2xx status may be an error, or a link to the file that was asked for. */
static void transfer_classify(ic_transfer *transfer, const ic_buf *body, ic_ended *ended) {
    ic_call *call = transfer->call;
    ic_error unreadable = {0};
    cJSON *tree = ic_json_parse(body->data, body->length, &unreadable);
    const char *link = ic_answer_may_link(call->request.operation) ? ic_answer_link(tree) : NULL;
    if (link) {
        ended->link = ic_strdup(link);
        if (!ended->link) ic_error_memory(&call->error);
    } else if (ic_answer_is_error(call->request.answer, tree)) {
        ic_secrets_redact_buf(call, &transfer->output.body);
        ic_answer_error(&call->request, &call->response, body, ic_wall_time(), &call->error);
    }
    ended->failure = call->error.kind;
    ic_error_clear(&unreadable);
    cJSON_Delete(tree);
}

/* For a 2xx that is whole as far as libcurl knows. */
static void transfer_complete(ic_transfer *transfer, ic_ended *ended) {
    ic_call *call = transfer->call;
    curl_off_t bytes = 0;
    curl_easy_getinfo(transfer->setup.easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    /* A 204 has no body, even if its Content-Length says otherwise. */
    bool empty = call->response.status == 204 && call->request.answer != IC_ANSWER_BYTES;
    if (!empty && ic_answer_is_cut(&call->response, (double)bytes)) {
        ic_error_set(&call->error, IC_ERR_PROTOCOL,
                     "%.0f bytes came, and the answer had announced another length", (double)bytes);
        ended->failure = call->error.kind;
        return;
    }
    if (!empty && ic_answer_is_endless(&call->response) && ic_setup_may_lack_end(&transfer->setup)) {
        ic_error_set(&call->error, IC_ERR_NETWORK,
                     "the connection ended, and the server had not said that it has sent everything");
        ended->failure = call->error.kind;
        return;
    }
    const ic_buf *unclassified = ic_output_unclassified(&transfer->output, call);
    if (unclassified) transfer_classify(transfer, unclassified, ended);
    if (ended->failure == IC_OK && !ended->link && !ic_output_complete(&transfer->output, call, &call->error))
        ended->failure = call->error.kind;
}

/* Notes the last progress, when the whole file has been sent or received. */
static void transfer_note_end(ic_transfer *transfer) {
    ic_call *call = transfer->call;
    curl_off_t moved = 0;
    bool sending = transfer_counts_sending(call),
         good = call->response.status >= 200 && call->response.status < 300;
    curl_easy_getinfo(transfer->setup.easy, sending ? CURLINFO_SIZE_UPLOAD_T : CURLINFO_SIZE_DOWNLOAD_T,
                      &moved);
    if (good) ic_progress_note(call, (double)moved, (double)moved, true, ic_now());
}

/* 101 is final: the server speaks another protocol from there. */
static bool transfer_is_interim(long status) {
    return status < 200 && status != 101;
}

ic_ended ic_transfer_end(ic_engine *engine, ic_call *call, CURLcode code) {
    ic_transfer *transfer = call->transfer;
    ic_ended ended = {.sent = transfer->sendings > 0, .sink_touched = transfer->output.sink_touched};
    long version = 0;
    curl_easy_getinfo(transfer->setup.easy, CURLINFO_RESPONSE_CODE, &call->response.status);
    curl_easy_getinfo(transfer->setup.easy, CURLINFO_HTTP_VERSION, &version);
    call->response.http_version = version == CURL_HTTP_VERSION_2_0   ? "2"
                                  : version == CURL_HTTP_VERSION_1_0 ? "1.0"
                                                                     : "1.1";
    if (transfer->added && transfer->setup.shares) engine->sharing--;
    if (transfer->added) curl_multi_remove_handle(engine->multi, transfer->setup.easy);
    transfer->added = false;
    if (transfer->found_closed) return (ic_ended){.found_closed = true};
    /* libcurl may report success after bytes that could not be written. */
    if (code == CURLE_OK && transfer->output.failure) code = CURLE_WRITE_ERROR;
    /* It also reports success when the connection ends inside the header, or after an interim answer. */
    if (code == CURLE_OK && (!transfer->header_whole || transfer_is_interim(call->response.status))) {
        transfer->header_truncated = true;
        code = CURLE_PARTIAL_FILE;
    }
    if (code != CURLE_OK) {
        ic_transfer_explain(transfer, code, &ended);
        call->response.status = 0;
    } else if (call->response.status >= 200 && call->response.status < 300) {
        transfer_complete(transfer, &ended);
    } else {
        /* Redact before a message quotes the body: in a quote that cuts a secret in two, it would not be
         * found. */
        ic_secrets_redact_buf(call, &transfer->output.body);
    }
    if (ended.failure == IC_OK && !ended.link) transfer_note_end(transfer);
    transfer->ended_well = code == CURLE_OK && ended.failure == IC_OK;
    return ended;
}

void ic_transfer_free(ic_engine *engine, ic_call *call) {
    ic_transfer *transfer = call->transfer;
    if (!transfer) return;
    call->transfer = NULL;
    ic_stats_change(IC_GAUGE_IN_FLIGHT, -1);
    if (transfer->client && transfer->ended_well)
        transfer_keep_idle(engine, transfer);
    else
        transfer_free(transfer);
}
