#include "core/engine/call.h"
#include "core/base/alloc.h"
#include "core/base/process.h"
#include "core/engine/event.h"
#include "core/engine/question.h"

ic_call *ic_call_new(ic_mailbox *mailbox, ic_connection *connection) {
    static atomic_ulong last_id;
    ic_call *call = ic_calloc(1, sizeof *call);
    if (!call) return NULL;
    atomic_init(&call->references, 1);
    call->id = atomic_fetch_add(&last_id, 1) + 1;
    call->generation = ic_process_generation();
    call->mailbox = mailbox;
    call->connection = connection;
    if (mailbox) ic_mailbox_retain(mailbox);
    ic_connection_retain(connection);
    call->options = (ic_call_options){.timeout = -1, .deadline = -1, .max_retries = -1};
    call->error.retry_after = -1;
    return call;
}

void ic_call_retain(ic_call *call) {
    atomic_fetch_add_explicit(&call->references, 1, memory_order_relaxed);
}

void ic_call_release(ic_call *call) {
    if (!call || atomic_fetch_sub_explicit(&call->references, 1, memory_order_acq_rel) > 1) return;
    ic_mailbox_release(call->mailbox);
    ic_connection_release(call->connection);
    ic_request_free(&call->request);
    ic_question_free(call->question);
    ic_free(call->options.as_user);
    ic_free(call->options.path);
    ic_free(call->options.place);
    ic_free(call->foreign_url);
    ic_buf_free(&call->chunk);
    for (ic_event *event; (event = call->first_event);) {
        call->first_event = event->next;
        ic_event_free(event);
    }
    cJSON_Delete(call->answer);
    ic_free(call->unless_begun);
    ic_response_free(&call->response);
    ic_value_free(&call->value);
    ic_error_clear(&call->error);
    ic_free(call);
}

bool ic_call_done(ic_call *call) {
    return atomic_load_explicit(&call->done, memory_order_acquire);
}

bool ic_call_has_pending(ic_call *call) {
    if (ic_call_done(call)) return true;
    ic_mailbox_lock(call->mailbox);
    bool any = call->chunk.length > 0 || call->first_event || call->progress.pending;
    ic_mailbox_unlock(call->mailbox);
    return any;
}

bool ic_call_post(ic_call *call, unsigned notices) {
    return ic_mailbox_post(call->mailbox, &call->node, notices);
}

/* ---- its limits, URL and actor ---- */

bool ic_call_moves_file(const ic_call *call) {
    return call->request.form || call->request.answer == IC_ANSWER_BYTES ||
           call->options.output != IC_TO_MEMORY;
}

double ic_call_timeout(const ic_call *call) {
    if (call->options.timeout >= 0) return call->options.timeout;
    return ic_call_moves_file(call) ? 0 : call->connection->settings.timeout;
}

double ic_call_deadline(const ic_call *call) {
    if (call->options.deadline >= 0) return call->options.deadline;
    return ic_call_moves_file(call) ? 0 : call->connection->settings.deadline;
}

void ic_call_url(const ic_call *call, ic_buf *url) {
    bool whole = call->foreign_url || call->request.absolute;
    if (!whole) ic_buf_puts(url, ic_connection_origin(call->connection, call->request.host));
    ic_buf_puts(url, call->foreign_url ? call->foreign_url : call->request.target);
}

const char *ic_call_actor(const ic_call *call) {
    const char *actor = call->options.as_user ? call->options.as_user : call->connection->settings.as_user;
    return actor && *actor ? actor : NULL;
}
