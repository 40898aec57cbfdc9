#include "core/engine/starter.h"
#include "core/base/alloc.h"
#include "core/base/process.h"
#include "core/engine/engine.h"
#include <stddef.h>

/* ---- the call in its mailbox ---- */

static ic_call *starter_call_of(ic_mailbox_node *node) {
    return (ic_call *)((char *)node - offsetof(ic_call, node));
}

static void starter_retain_node(ic_mailbox_node *node) {
    ic_call_retain(starter_call_of(node));
}

/* A question that will not be taken gets an empty answer, so that the engine does not wait for ever. */
static void starter_drop_node(ic_mailbox_node *node, unsigned notices) {
    if (notices & IC_NOTICE_ASK) ic_call_answer(starter_call_of(node), NULL);
    ic_call_release(starter_call_of(node));
}

ic_mailbox *ic_call_mailbox_new(ic_error *error) {
    static const ic_mailbox_hooks hooks = {
        .retain = starter_retain_node, .drop = starter_drop_node, .urgent = IC_NOTICE_ASK};
    return ic_mailbox_new(&hooks, error);
}

ic_call *ic_call_take(ic_mailbox *mailbox, unsigned *notices) {
    ic_mailbox_node *node = ic_mailbox_take(mailbox, notices);
    return node ? starter_call_of(node) : NULL;
}

ic_call *ic_call_take_unless_urgent(ic_mailbox *mailbox, unsigned *notices) {
    ic_mailbox_node *node = ic_mailbox_take_unless_urgent(mailbox, notices);
    return node ? starter_call_of(node) : NULL;
}

bool ic_call_take_end(ic_call *call) {
    if (!ic_call_done(call) || !ic_mailbox_take_only(call->mailbox, &call->node, IC_NOTICE_DONE))
        return false;
    ic_call_release(call);
    return true;
}

/* ---- commands to the engine ---- */

/* Clickwrap's token cannot be fetched, so it must be there. */
static bool starter_has_token(const ic_call *call, ic_error *error) {
    const ic_connection *connection = call->connection;
    bool needs_token = !call->request.no_bearer && !call->request.anonymous;
    if (!connection->activity_origin || !needs_token || connection->settings.token) return true;
    ic_error_set(error, IC_ERR_AUTH, "this operation needs a token (option api_token of ironclad.clickwrap)");
    return false;
}

bool ic_call_start(ic_call *call, ic_error *error) {
    if (starter_has_token(call, error) && ic_engine_command(call, IC_COMMAND_START, error)) return true;
    error->outcome = IC_OUTCOME_NOT_DONE;
    if (call->request.operation) error->operation = call->request.operation->id;
    return false;
}

static bool starter_can_command(const ic_call *call) {
    return call->generation == ic_process_generation();
}

void ic_call_cancel(ic_call *call) {
    if (starter_can_command(call) && !ic_call_done(call)) ic_engine_command(call, IC_COMMAND_CANCEL, NULL);
}

void ic_call_abandon(ic_call *call) {
    if (starter_can_command(call) && !ic_call_done(call)) ic_engine_command(call, IC_COMMAND_ABANDON, NULL);
}

bool ic_call_expect(ic_call *question, double seconds, const char *message) {
    question->begin_within = seconds;
    question->unless_begun = ic_strdup(message);
    if (!question->unless_begun) return false;
    if (starter_can_command(question)) ic_engine_command(question, IC_COMMAND_EXPECT, NULL);
    return true;
}

bool ic_call_begin(ic_call *question) {
    int waits = IC_QUESTION_WAITS;
    return atomic_compare_exchange_strong(&question->stage, &waits, IC_QUESTION_BEGUN);
}

void ic_call_answer(ic_call *call, cJSON *answer) {
    call->answer = answer;
    if (starter_can_command(call)) ic_engine_command(call, IC_COMMAND_ANSWER, NULL);
}

bool ic_call_take_chunk(ic_call *call, ic_buf *chunk) {
    ic_mailbox_lock(call->mailbox);
    bool paused = call->paused, any = call->chunk.length > 0;
    if (any) {
        ic_buf taken = call->chunk;
        call->chunk = *chunk;
        call->chunk.length = 0;
        *chunk = taken;
        call->paused = false;
    }
    ic_mailbox_unlock(call->mailbox);
    if (any && paused) ic_engine_command(call, IC_COMMAND_RESUME, NULL);
    return any;
}
