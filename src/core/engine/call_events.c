/* Notes events and progress in the call, and posts the notice. */
#include "core/engine/call_events.h"
#include "core/base/alloc.h"
#include "core/engine/secrets.h"
#include "core/engine/token_entry.h"
#include <string.h>

#define PROGRESS_PAUSE 0.1 /* seconds */

/* The call that the event is noted with; NULL: its connection is not watched. */
static ic_call *event_listener(ic_call *call) {
    ic_call *listener = call->on_done ? ic_token_entry_first_waiter(call) : call;
    return listener && listener->mailbox && listener->connection->settings.watched ? listener : NULL;
}

/* A URL that the service gave is noted without its query, which may grant access. */
static char *event_url(const ic_call *call) {
    bool given = call->foreign_url || call->redirects || call->request.absolute;
    ic_buf url = {0};
    ic_call_url(call, &url);
    char *query = given && !url.failed ? strchr(url.data, '?') : NULL;
    if (query) {
        url.length = (size_t)(query - url.data);
        ic_buf_puts(&url, "?…");
    }
    char *text = ic_buf_take(&url, NULL);
    if (text) ic_secrets_redact(call, text);
    return text;
}

static ic_event *event_new(const ic_call *call, const ic_event *about) {
    char id[256];
    ic_event *event = ic_malloc(sizeof *event);
    if (!event) return NULL;
    *event = *about;
    event->operation = call->request.operation;
    event->method = call->request.method;
    event->attempt = call->attempts;
    event->url = event_url(call);
    if (about->status && ic_response_request_id(&call->response, id, sizeof id))
        event->request_id = ic_strdup(id);
    if (event->request_id) ic_secrets_redact(call, event->request_id);
    event->attempt_id = ic_strdup(call->response.attempt_id);
    if (event->attempt_id) ic_secrets_redact(call, event->attempt_id);
    if (event->url) return event;
    ic_event_free(event);
    return NULL;
}

/* The mailbox is locked; there is at least one event. */
static ic_event *event_take_first(ic_call *call) {
    ic_event *event = call->first_event;
    call->first_event = event->next;
    if (!event->next) call->last_event = NULL;
    call->event_count--;
    return event;
}

/* The mailbox is locked. `event` NULL: there was no memory for it. The next event counts a dropped one. */
static void event_append(ic_call *call, ic_event *event) {
    if (!event) {
        call->events_lost++;
        return;
    }
    event->lost = call->events_lost;
    call->events_lost = 0;
    if (call->last_event)
        call->last_event->next = event;
    else
        call->first_event = event;
    call->last_event = event;
    if (++call->event_count <= IC_EVENTS_LIMIT) return;
    ic_event *oldest = event_take_first(call);
    call->first_event->lost += oldest->lost + 1;
    ic_event_free(oldest);
}

void ic_event_note(ic_call *call, const ic_event *about) {
    ic_call *listener = event_listener(call);
    if (!listener) return;
    ic_event *event = event_new(call, about);
    ic_mailbox_lock(listener->mailbox);
    event_append(listener, event);
    ic_mailbox_unlock(listener->mailbox);
    ic_call_post(listener, IC_NOTICE_EVENT);
}

ic_event *ic_event_take(ic_call *call) {
    ic_mailbox_lock(call->mailbox);
    ic_event *event = call->first_event ? event_take_first(call) : NULL;
    ic_mailbox_unlock(call->mailbox);
    return event;
}

void ic_progress_note(ic_call *call, double done, double total, bool last, double now) {
    if (!call->options.progress || (!last && now < call->progress_told + PROGRESS_PAUSE)) return;
    call->progress_told = now;
    ic_mailbox_lock(call->mailbox);
    call->progress = (ic_progress){.done = done, .total = total, .pending = true};
    ic_mailbox_unlock(call->mailbox);
    ic_call_post(call, IC_NOTICE_EVENT);
}

bool ic_progress_take(ic_call *call, double *done, double *total) {
    ic_mailbox_lock(call->mailbox);
    bool pending = call->progress.pending;
    *done = call->progress.done;
    *total = call->progress.total;
    call->progress.pending = false;
    ic_mailbox_unlock(call->mailbox);
    return pending;
}
