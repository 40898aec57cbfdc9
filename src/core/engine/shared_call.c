/* Commands of scripts for the shared Redis. */
#include "core/engine/shared_call.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/engine/question.h"
#include "core/engine/shared.h"
#include "core/engine/stats.h"
#include "core/engine/upkeep.h"

/* Moves the call's question to an item. Returns it; NULL: out of memory. */
static ic_upkeep_item *shared_call_keep_up(ic_call *call, ic_call *holder) {
    ic_question *question = call->question;
    call->question = NULL;
    return ic_upkeep_add(call->shared->engine, call->shared, question, holder);
}

static void shared_call_on_done(void *owner, ic_reply *reply, const ic_error *error) {
    ic_call *call = owner;
    ic_engine *engine = call->shared->engine;
    call->shared_command = NULL;
    if (error) {
        if (call->question->terms && call->question->terms->insists) shared_call_keep_up(call, NULL);
        engine->flow->fail(engine, call, error);
        return;
    }
    if (call->question->terms && ic_reply_integer(reply, 0) > 0 && !shared_call_keep_up(call, NULL)) {
        ic_error memory = {0};
        ic_error_memory(&memory);
        memory.outcome = IC_OUTCOME_UNKNOWN; /* Redis has it, and this process does not keep it up */
        engine->flow->fail(engine, call, &memory);
        ic_error_clear(&memory);
        return;
    }
    call->value.kind = IC_VALUE_REPLY;
    call->value.reply = *reply;
    *reply = (ic_reply){0};
    engine->flow->complete(engine, call);
}

static ic_link_command *shared_call_send(ic_call *call) {
    const ic_question *question = call->question;
    const char **words = ic_question_words(question);
    if (!words) return NULL;
    ic_script script = {question->script, question->script_length, question->script_keys};
    ic_link *link = call->shared->link;
    double now = ic_now(), until = now + question->seconds;
    ic_link_command *command = question->script
                                   ? ic_link_run(link, &script, words, question->lengths, question->count,
                                                 true, now, until, shared_call_on_done, call)
                                   : ic_link_send(link, words, question->lengths, question->count, true, now,
                                                  until, shared_call_on_done, call);
    ic_free(words);
    return command;
}

/* Sends the call's question, or only keeps it up. False with an error. */
static bool shared_call_ask(ic_engine *engine, ic_call *call, ic_error *error) {
    const ic_upkeep_terms *terms = call->question->terms;
    if (terms && terms->held) {
        call->upkeep = shared_call_keep_up(call, call);
        if (!call->upkeep) ic_error_memory(error);
        return call->upkeep != NULL;
    }
    if (terms && !ic_upkeep_has_room(engine, call->shared, call->question, error)) return false;
    call->shared_command = shared_call_send(call);
    if (!call->shared_command) ic_error_memory(error);
    return call->shared_command != NULL;
}

void ic_shared_call_begin(ic_engine *engine, ic_call *call) {
    ic_error error = {0};
    call->state = IC_STATE_WAIT_SHARED;
    call->shared = ic_shared_of(engine, call->connection, &error);
    if (call->shared && shared_call_ask(engine, call, &error) && call->shared_command)
        ic_stats_count(IC_COUNT_COMMANDS);
    if (error.kind) engine->flow->fail(engine, call, &error);
    ic_error_clear(&error);
}

bool ic_shared_call_is_sent(const ic_call *call) {
    return call->shared_command && ic_command_is_sent(call->shared_command);
}

void ic_shared_call_leave(ic_call *call) {
    if (call->shared_command) ic_link_forget(call->shared_command);
    call->shared_command = NULL;
    if (call->upkeep) ic_upkeep_drop(call->upkeep);
    call->upkeep = NULL;
}
