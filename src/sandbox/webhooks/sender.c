#include "sandbox/webhooks/sender.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/json/json.h"
#include "listener/listen.h"
#include "sandbox/webhooks/outbox.h"
#include "sandbox/webhooks/signature.h"
#include <curl/curl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SECONDS    10L
#define ANSWER_MAX ((size_t)64 * 1024)
#define LONGEST    60000 /* milliseconds between two checks of the outbox */

struct ic_sender {
    ic_company *company;
    pthread_mutex_t *lock; /* guards the company */
    bool local;            /* connects only to this machine */
    char *ca_file;         /* owned */
    bool started;
    pthread_t thread;
    CURLM *multi;
    atomic_bool stopping;
    struct transfer *transfers; /* the thread's */
    size_t count;
};

/* One attempt. It copies all that it needs, because the delivery may be removed meanwhile. */
typedef struct transfer {
    struct transfer *next;
    ic_sender *sender;
    CURL *easy;
    struct curl_slist *headers;
    char *url, *body; /* owned */
    uint64_t number;
    ic_object_id webhook;
    size_t answered; /* bytes of the answer's body */
    char error[CURL_ERROR_SIZE];
} transfer;

/* --- libcurl's callbacks --- */

/* The second check of targets: no name may resolve to another machine. */
static curl_socket_t sender_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    const ic_sender *sender = context;
    (void)purpose;
    if (sender->local && !ic_address_is_local(&address->addr)) return CURL_SOCKET_BAD;
    return ic_open_socket(address->family, address->socktype, address->protocol, true);
}

static size_t sender_read_answer(char *bytes, size_t one, size_t count, void *context) {
    transfer *item = context;
    (void)bytes, (void)one;
    item->answered += count;
    return item->answered > ANSWER_MAX ? 0 : count;
}

/* --- one transfer; these run without the lock, unless they say so --- */

static void sender_transfer_free(transfer *item) {
    if (item->easy) curl_multi_remove_handle(item->sender->multi, item->easy);
    curl_easy_cleanup(item->easy);
    curl_slist_free_all(item->headers);
    ic_free(item->url);
    ic_free(item->body);
    ic_free(item);
}

static bool sender_add_header(transfer *item, const char *name, const char *value) {
    ic_buf line = {0};
    ic_buf_printf(&line, "%s: %s", name, value);
    const char *text = ic_buf_text(&line);
    struct curl_slist *longer = text ? curl_slist_append(item->headers, text) : NULL;
    if (longer) item->headers = longer;
    ic_buf_free(&line);
    return longer != NULL;
}

/* The id of a thing that an event has whole; a plain value is itself. */
static const cJSON *sender_id(const cJSON *member) {
    const cJSON *id = ic_json_member(member, "id");
    if (!id) id = ic_json_member(member, "signer_id");
    return cJSON_IsObject(member) ? id : member;
}

/* An event by GET has ids instead of objects; custom data is only sent by POST. */
static void sender_add_query(ic_buf *url, const char *body) {
    cJSON *event = ic_json_parse(body, strlen(body), NULL);
    const cJSON *member;
    char separator = strchr(url->data, '?') ? '&' : '?';
    cJSON_ArrayForEach(member, event) {
        char number[32];
        const cJSON *value = sender_id(member);
        if (cJSON_IsNumber(value)) snprintf(number, sizeof number, "%.17g", value->valuedouble);
        const char *text = cJSON_IsString(value) ? value->valuestring : cJSON_IsNumber(value) ? number : NULL;
        if (!text) continue;
        ic_buf_printf(url, "%c%s=", separator, member->string);
        ic_percent_encode(url, text, strlen(text));
        separator = '&';
    }
    if (!event) url->failed = true;
    cJSON_Delete(event);
}

/* The attempt to deliver an event of Clickwrap. Takes ownership of the item. NULL: no memory. */
static transfer *sender_transfer_of_clickwrap(transfer *item, ic_sender *sender,
                                              const ic_delivery *delivery) {
    ic_buf url = {0};
    item->sender = sender;
    item->number = delivery->number;
    memcpy(item->webhook, delivery->webhook, sizeof item->webhook);
    ic_buf_puts(&url, delivery->target);
    if (delivery->by_get && !url.failed) sender_add_query(&url, delivery->body);
    item->url = ic_buf_take(&url, NULL);
    item->body = delivery->by_get ? NULL : ic_strdup(delivery->body);
    if (item->url && (item->body || delivery->by_get) &&
        (delivery->by_get || sender_add_header(item, "Content-Type", "application/json")) &&
        (!delivery->token || sender_add_header(item, "Pactsafe-Webhook-Token", delivery->token)) &&
        sender_add_header(item, "Expect", ""))
        return item;
    sender_transfer_free(item);
    return NULL;
}

/* An attempt to deliver. With the lock. NULL: no memory. */
static transfer *sender_transfer_new(ic_sender *sender, ic_delivery *delivery) {
    transfer *item = ic_calloc(1, sizeof *item);
    if (!item) return NULL;
    if (delivery->clickwrap) return sender_transfer_of_clickwrap(item, sender, delivery);
    const char *verification = ic_delivery_sign(sender->company, delivery);
    item->sender = sender;
    item->number = delivery->number;
    memcpy(item->webhook, delivery->webhook, sizeof item->webhook);
    item->url = ic_strdup(delivery->target);
    item->body = ic_strdup(delivery->body);
    bool has_body = !delivery->method || *delivery->body;
    if (item->url && item->body && verification &&
        (!has_body || sender_add_header(item, "Content-Type", ic_delivery_type(delivery))) &&
        (delivery->method || sender_add_header(item, "X-Ironclad-Webhook-Event-Id", delivery->event_id)) &&
        (!*verification || sender_add_header(item, ic_delivery_header(delivery), verification)) &&
        sender_add_header(item, "Expect", "")) {
        if (!has_body) ic_free(item->body), item->body = NULL; /* then it is sent by GET */
        return item;
    }
    sender_transfer_free(item);
    return NULL;
}

#define SET(option, value)                                                                                   \
    if (curl_easy_setopt(easy, CURLOPT_##option, value) != CURLE_OK) return false

static bool sender_set_up(transfer *item) {
    const ic_sender *sender = item->sender;
    CURL *easy = item->easy = curl_easy_init();
    if (!easy) return false;
    SET(URL, item->url);
    SET(HTTPHEADER, item->headers);
    if (item->body) {
        SET(POSTFIELDS, item->body);
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)strlen(item->body));
    }
    SET(PRIVATE, item);
    SET(ERRORBUFFER, item->error);
    SET(WRITEFUNCTION, sender_read_answer);
    SET(WRITEDATA, item);
    SET(OPENSOCKETFUNCTION, sender_open_socket);
    SET(OPENSOCKETDATA, (void *)(uintptr_t)sender);
    SET(NOSIGNAL, 1L);
    SET(FORBID_REUSE, 1L); /* on a kept connection libcurl may send a request twice by itself */
    SET(TIMEOUT, SECONDS);
    SET(NOPROXY, "*");
    SET(FOLLOWLOCATION, 0L);
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(PROTOCOLS_STR, "http,https");
#else
    SET(PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    if (sender->ca_file) SET(CAINFO, sender->ca_file);
    return true;
}

static void sender_report(const transfer *item, unsigned status, const char *error) {
    pthread_mutex_lock(item->sender->lock);
    ic_outbox_done(item->sender->company, item->number, item->webhook, status, error);
    pthread_mutex_unlock(item->sender->lock);
}

/* --- the thread --- */

static void sender_remove(ic_sender *sender, transfer *item) {
    transfer **at = &sender->transfers;
    while (*at != item)
        at = &(*at)->next;
    *at = item->next;
    sender->count--;
    sender_transfer_free(item);
}

static void sender_begin(ic_sender *sender, transfer *item) {
    item->next = sender->transfers;
    sender->transfers = item;
    sender->count++;
    if (sender_set_up(item) && curl_multi_add_handle(sender->multi, item->easy) == CURLM_OK) return;
    sender_report(item, 0, "no memory");
    sender_remove(sender, item);
}

/* Begins what is due. Returns how many milliseconds to wait for the next; the clock may be stopped. */
static int sender_begin_due(ic_sender *sender) {
    ic_company *company = sender->company;
    ic_time next = IC_TIME_NONE, wait = LONGEST;
    while (sender->count < IC_SENDER_TRANSFERS) {
        pthread_mutex_lock(sender->lock);
        ic_delivery *delivery = ic_outbox_take(company, &next);
        transfer *item = delivery ? sender_transfer_new(sender, delivery) : NULL;
        if (delivery && !item) ic_outbox_done(company, delivery->number, delivery->webhook, 0, "no memory");
        if (next != IC_TIME_NONE && company->clock.fixed == IC_TIME_NONE)
            wait = next - ic_company_now(company);
        pthread_mutex_unlock(sender->lock);
        if (!delivery) break;
        if (item) sender_begin(sender, item);
    }
    return wait < 0 ? 0 : wait > LONGEST ? LONGEST : (int)wait;
}

/* Reports the transfers that have ended. Returns whether there were any. */
static bool sender_end_finished(ic_sender *sender) {
    const CURLMsg *message;
    bool any = false;
    int left;
    while ((message = curl_multi_info_read(sender->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result;
        transfer *item = NULL;
        long status = 0;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&item);
        curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        bool answered = code == CURLE_OK || item->answered > ANSWER_MAX;
        sender_report(item, answered ? (unsigned)status : 0,
                      answered       ? NULL
                      : *item->error ? item->error
                                     : curl_easy_strerror(code));
        sender_remove(sender, item);
        any = true;
    }
    return any;
}

static void *sender_run(void *context) {
    ic_sender *sender = context;
    int running;
    while (!atomic_load(&sender->stopping)) {
        int wait = sender_begin_due(sender);
        curl_multi_perform(sender->multi, &running);
        if (!sender_end_finished(sender)) curl_multi_poll(sender->multi, NULL, 0, wait, NULL);
    }
    while (sender->transfers)
        sender_remove(sender, sender->transfers);
    return NULL;
}

/* --- start and stop --- */

/* Signals are for the program's own threads. */
static bool sender_start_thread(ic_sender *sender) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&sender->thread, NULL, sender_run, sender) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* Starts the thread. false: the system refused. */
static bool sender_start(ic_sender *sender) {
    const ic_outbox *outbox = sender->company->outbox;
    sender->local = outbox->targets != IC_TARGETS_ANY;
    if (!sender->ca_file) sender->ca_file = ic_strdup(outbox->ca_file);
    if (!sender->multi) sender->multi = curl_multi_init();
    sender->started = (sender->ca_file || !outbox->ca_file) && sender->multi && sender_start_thread(sender);
    return sender->started;
}

/* The thread starts with the first delivery that is sent. */
static void sender_alarm(ic_sender *sender) {
    if (sender->started || sender_start(sender)) curl_multi_wakeup(sender->multi);
}

ic_sender *ic_sender_new(ic_company *company) {
    ic_sender *sender = ic_calloc(1, sizeof *sender);
    if (!sender) return NULL;
    sender->company = company;
    sender->lock = company->outbox->lock;
    ic_outbox_set_alarm(company, sender_alarm, sender);
    return sender;
}

void ic_sender_free(ic_sender *sender) {
    if (!sender) return;
    pthread_mutex_lock(sender->lock);
    ic_outbox_set_alarm(sender->company, NULL, NULL);
    pthread_mutex_unlock(sender->lock);
    if (sender->started) {
        atomic_store(&sender->stopping, true);
        curl_multi_wakeup(sender->multi);
        pthread_join(sender->thread, NULL);
    }
    curl_multi_cleanup(sender->multi);
    ic_free(sender->ca_file);
    ic_free(sender);
}
