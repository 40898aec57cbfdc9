#include "core/engine/output.h"
#include <string.h>

/* The most bytes of an error's body that are kept. */
#define ERROR_BODY_LIMIT (1024 * 1024)
/* Larger JSON is the file. */
#define HELD_LIMIT (64 * 1024)
/* The first bytes of an answer without a type, which show whether it is an HTML page. */
#define SNIFFED_LIMIT 64

static ic_taken output_fail(ic_output_state *output, ic_error_kind kind) {
    output->failure = kind;
    return IC_TAKEN_NEVER;
}

static ic_taken output_refuse(ic_output_state *output, const char *why) {
    output->refusal = why;
    return output_fail(output, IC_ERR_PROTOCOL);
}

static ic_taken output_to_memory(ic_output_state *output, const ic_call *call, long status, const char *bytes,
                                 size_t length) {
    bool good = status >= 200 && status < 300;
    double limit = call->connection->settings.max_body;
    if (!good && limit > ERROR_BODY_LIMIT) limit = ERROR_BODY_LIMIT;
    if ((double)output->body.length + (double)length > limit) {
        if (good) return output_fail(output, IC_ERR_TOO_LARGE);
        length = (size_t)(limit - (double)output->body.length);
    }
    ic_buf_add(&output->body, bytes, length);
    return output->body.failed ? output_fail(output, IC_ERR_MEMORY) : IC_TAKEN;
}

static ic_taken output_to_file(ic_output_state *output, ic_call *call, const char *bytes, size_t length) {
    if (!output->file) output->file = ic_new_file_open(call->options.place, &output->cause);
    bool written = output->file && ic_new_file_write(output->file, bytes, length, &output->cause);
    return written ? IC_TAKEN : output_fail(output, output->cause.kind);
}

static ic_taken output_to_sink(ic_output_state *output, ic_call *call, const char *bytes, size_t length) {
    ic_taken taken = IC_TAKEN;
    ic_mailbox_lock(call->mailbox);
    if (call->chunk.length >= IC_SINK_LIMIT) {
        call->paused = true;
        taken = IC_TAKEN_LATER;
    } else {
        ic_buf_add(&call->chunk, bytes, length);
        if (call->chunk.failed) taken = output_fail(output, IC_ERR_MEMORY);
    }
    ic_mailbox_unlock(call->mailbox);
    if (taken == IC_TAKEN) {
        output->sink_touched = true;
        ic_call_post(call, IC_NOTICE_CHUNK);
    }
    return taken;
}

static ic_taken output_divert(ic_output_state *output, ic_call *call, const char *bytes, size_t length) {
    if (call->options.output == IC_TO_PATH) return output_to_file(output, call, bytes, length);
    return output_to_sink(output, call, bytes, length);
}

/* Writes the bytes that were held back. */
static ic_taken output_release(ic_output_state *output, ic_call *call) {
    ic_taken taken =
        output->body.length ? output_divert(output, call, output->body.data, output->body.length) : IC_TAKEN;
    output->held = false;
    output->body.length = 0;
    return taken;
}

static bool output_is_file(const ic_call *call, long status) {
    return status >= 200 && status < 300 && call->request.answer == IC_ANSWER_BYTES;
}

/* Why an answer is not the file, or NULL. */
static const char *output_refusal(const ic_call *call, long status, const char *bytes, size_t length) {
    if (status == 206) return "the answer (206) is a part of the file, which was not asked for";
    if (status == 202 || status == 204 || status == 205) return "the answer says that there is no file (yet)";
    if (ic_answer_is_encoded(&call->response)) return ic_answer_encoded_refusal;
    if (output_is_file(call, status) && ic_answer_is_page(&call->response, bytes, length))
        return "the answer is an HTML page, not the file: a login or an error, perhaps";
    return NULL;
}

static bool output_begin(ic_output_state *output, const ic_call *call, long status, const char *bytes,
                         size_t length) {
    bool file = output_is_file(call, status);
    output->begun = true;
    output->diverted = call->options.output != IC_TO_MEMORY && status >= 200 && status < 300;
    output->held = output->diverted && file && ic_answer_is_json(&call->response);
    const char *refusal = file || output->diverted ? output_refusal(call, status, bytes, length) : NULL;
    if (refusal) output_refuse(output, refusal);
    return !refusal;
}

/* Called when enough bytes have come to see what the answer is, or all of them. */
static ic_taken output_end_sniffing(ic_output_state *output, ic_call *call, long status) {
    if (!output_begin(output, call, status, output->body.data, output->body.length)) return IC_TAKEN_NEVER;
    if (output->diverted) return output_release(output, call);
    bool fits = (double)output->body.length <= call->connection->settings.max_body;
    return fits ? IC_TAKEN : output_fail(output, IC_ERR_TOO_LARGE);
}

static ic_taken output_sniff(ic_output_state *output, ic_call *call, long status, const char *bytes,
                             size_t length) {
    ic_buf_add(&output->body, bytes, length);
    if (output->body.failed) return output_fail(output, IC_ERR_MEMORY);
    return output->body.length < SNIFFED_LIMIT ? IC_TAKEN : output_end_sniffing(output, call, status);
}

ic_taken ic_output_write(ic_output_state *output, ic_call *call, long status, const char *bytes,
                         size_t length) {
    if (!output->begun && output_is_file(call, status) && !ic_answer_has_type(&call->response))
        return output_sniff(output, call, status, bytes, length);
    if (!output->begun && !output_begin(output, call, status, bytes, length)) return IC_TAKEN_NEVER;
    if (output->held && output->body.length + length > HELD_LIMIT && output_release(output, call) != IC_TAKEN)
        return IC_TAKEN_NEVER;
    if (!output->diverted || output->held) return output_to_memory(output, call, status, bytes, length);
    return output_divert(output, call, bytes, length);
}

const ic_buf *ic_output_unclassified(const ic_output_state *output, const ic_call *call) {
    bool here = output->held || (output->begun && !output->diverted && output->body.length <= HELD_LIMIT);
    bool open = output_is_file(call, 200)
                    ? ic_answer_is_json(&call->response)
                    : ic_answer_may_be_error(&call->request, &call->response, &output->body);
    return here && open ? &output->body : NULL;
}

/* Whether a body was promised, and none has come. */
static bool output_is_missing(const ic_output_state *output, const ic_call *call) {
    ic_answer answer = call->request.answer;
    bool promised = answer == IC_ANSWER_JSON || answer == IC_ANSWER_TEXT || answer == IC_ANSWER_KEY;
    return promised && output->diverted && !output->file && !output->sink_touched && !output->body.length;
}

static bool output_complete(ic_output_state *output, ic_call *call) {
    if (!output->begun && output_end_sniffing(output, call, call->response.status) != IC_TAKEN) return false;
    if (output->held && output_release(output, call) != IC_TAKEN) return false;
    if (output_is_missing(output, call)) return output_refuse(output, "the answer has no body"), false;
    if (call->options.output != IC_TO_PATH) return true;
    if (output_to_file(output, call, "", 0) != IC_TAKEN) return false;
    return ic_new_file_complete(output->file, &output->cause) ||
           (output_fail(output, output->cause.kind), false);
}

void ic_output_explain(const ic_output_state *output, const ic_call *call, ic_error *error) {
    if (output->failure == IC_ERR_TOO_LARGE)
        ic_error_set(error, IC_ERR_TOO_LARGE,
                     "the answer is larger than max_body (%.0f bytes); raise it, or give `to` for a download",
                     call->connection->settings.max_body);
    else if (output->failure == IC_ERR_IO)
        ic_error_set(error, IC_ERR_IO, "%s", ic_error_message(&output->cause));
    else if (output->failure == IC_ERR_PROTOCOL)
        ic_error_set(error, IC_ERR_PROTOCOL, "%s", output->refusal);
    else
        ic_error_memory(error);
}

bool ic_output_complete(ic_output_state *output, ic_call *call, ic_error *error) {
    bool complete = output_complete(output, call);
    if (!complete) ic_output_explain(output, call, error);
    return complete;
}

void ic_output_free(ic_output_state *output) {
    ic_new_file_free(output->file);
    ic_error_clear(&output->cause);
    ic_buf_free(&output->body);
    *output = (ic_output_state){0};
}
