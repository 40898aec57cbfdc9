#include "core/engine/output.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An error's body is worth reading, not keeping whole. */
#define ERROR_BODY_LIMIT (1024 * 1024)

/* So much JSON is looked at before it counts as the file. */
#define HELD_LIMIT (64 * 1024)

/* So much of a file without a type is waited for before it is taken for one: a page shows itself by then. */
#define HEAD_LIMIT 64

static ic_taken output_fail(ic_output_state *output, ic_error_kind kind, int cause) {
    output->failure = kind;
    output->cause = cause;
    return IC_TAKEN_NEVER;
}

static ic_taken output_to_memory(ic_output_state *output, const ic_call *call, long status, const char *bytes,
                                 size_t length) {
    bool good = status >= 200 && status < 300;
    double room = call->connection->settings.max_body;
    if (!good && room > ERROR_BODY_LIMIT) room = ERROR_BODY_LIMIT;
    if ((double)output->body.length + (double)length > room) {
        if (good) return output_fail(output, IC_ERR_TOO_LARGE, 0);
        length = (size_t)(room - (double)output->body.length);
    }
    ic_buf_add(&output->body, bytes, length);
    return output->body.failed ? output_fail(output, IC_ERR_MEMORY, 0) : IC_TAKEN;
}

/* A link stays a link, and what is no regular file stays what it is. A file that is replaced keeps its
 * permissions: the new one may hold no less of a secret. */
static bool output_find_final(ic_output_state *output, const ic_call *call) {
    struct stat about;
    const char *path = call->options.path;
    char *resolved = realpath(path, NULL);
    ic_free(output->final);
    output->final = ic_strdup(resolved ? resolved : path);
    free(resolved);
    if (!output->final) return output_fail(output, IC_ERR_MEMORY, 0), false;
    bool there = stat(output->final, &about) == 0;
    output->mode = there ? (int)(about.st_mode & 0777) : -1;
    if (!there || S_ISREG(about.st_mode)) return true;
    return output_fail(output, IC_ERR_IO, S_ISDIR(about.st_mode) ? EISDIR : EINVAL), false;
}

/* Beside the wanted file, so that renaming it cannot cross file systems; with the user's umask. */
static bool output_open_temporary(ic_output_state *output, const ic_call *call) {
    if (!output_find_final(output, call)) return false;
    const char *path = output->final, *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path + 1) : 0;
    for (int tries = 0; tries < 100; tries++) {
        ic_buf name = {0};
        ic_buf_printf(&name, "%.*s.%08lx.part", folder, path, (unsigned long)(ic_dice() * 4294967296.0));
        ic_free(output->temporary);
        output->temporary = ic_buf_take(&name, NULL);
        if (!output->temporary) return output_fail(output, IC_ERR_MEMORY, 0), false;
        output->file =
            open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, output->mode < 0 ? 0666 : 0600);
        if (output->file >= 0 && (output->mode < 0 || fchmod(output->file, (mode_t)output->mode) == 0))
            return true;
        if (output->file >= 0) return output_fail(output, IC_ERR_IO, errno), false;
        if (errno != EEXIST) break;
    }
    output_fail(output, IC_ERR_IO, errno);
    ic_free(output->temporary);
    output->temporary = NULL;
    return false;
}

static ic_taken output_to_file(ic_output_state *output, ic_call *call, const char *bytes, size_t length) {
    if (output->file < 0 && !output_open_temporary(output, call)) return IC_TAKEN_NEVER;
    while (length) {
        ssize_t written = write(output->file, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return output_fail(output, IC_ERR_IO, errno);
        bytes += written;
        length -= (size_t)written;
    }
    return IC_TAKEN;
}

static ic_taken output_to_sink(ic_output_state *output, ic_call *call, const char *bytes, size_t length) {
    ic_taken taken = IC_TAKEN;
    ic_mailbox_lock(call->mailbox);
    if (call->chunk.length >= IC_SINK_LIMIT) {
        call->paused = true;
        taken = IC_TAKEN_LATER;
    } else {
        ic_buf_add(&call->chunk, bytes, length);
        if (call->chunk.failed) taken = output_fail(output, IC_ERR_MEMORY, 0);
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

/* Too large to be anything else than the file. */
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
    if (!ic_answer_is_page(&call->response, bytes, length)) return NULL;
    return "the answer is a page for people (HTML), not the file: a login or an error, perhaps";
}

static bool output_begin(ic_output_state *output, const ic_call *call, long status, const char *bytes,
                         size_t length) {
    bool file = output_is_file(call, status);
    output->begun = true;
    output->diverted = call->options.output != IC_TO_MEMORY && status >= 200 && status < 300;
    output->held = output->diverted && file && ic_answer_is_json(&call->response);
    output->refusal = file ? output_refusal(call, status, bytes, length) : NULL;
    if (output->refusal) output_fail(output, IC_ERR_PROTOCOL, 0);
    return !output->refusal;
}

/* What has come is enough, or all there is: it goes where it belongs. */
static ic_taken output_end_head(ic_output_state *output, ic_call *call, long status) {
    if (!output_begin(output, call, status, output->body.data, output->body.length)) return IC_TAKEN_NEVER;
    if (output->diverted) return output_release(output, call);
    bool fits = (double)output->body.length <= call->connection->settings.max_body;
    return fits ? IC_TAKEN : output_fail(output, IC_ERR_TOO_LARGE, 0);
}

/* Of a file without a type, the first bytes are waited for. */
static ic_taken output_write_head(ic_output_state *output, ic_call *call, long status, const char *bytes,
                                  size_t length) {
    ic_buf_add(&output->body, bytes, length);
    if (output->body.failed) return output_fail(output, IC_ERR_MEMORY, 0);
    return output->body.length < HEAD_LIMIT ? IC_TAKEN : output_end_head(output, call, status);
}

ic_taken ic_output_write(ic_output_state *output, ic_call *call, long status, const char *bytes,
                         size_t length) {
    if (!output->begun && output_is_file(call, status) && !ic_answer_has_type(&call->response))
        return output_write_head(output, call, status, bytes, length);
    if (!output->begun && !output_begin(output, call, status, bytes, length)) return IC_TAKEN_NEVER;
    if (output->held && output->body.length + length > HELD_LIMIT && output_release(output, call) != IC_TAKEN)
        return IC_TAKEN_NEVER;
    if (!output->diverted || output->held) return output_to_memory(output, call, status, bytes, length);
    return output_divert(output, call, bytes, length);
}

const ic_buf *ic_output_unclassified(const ic_output_state *output, const ic_call *call) {
    bool here = output->held || (output->begun && !output->diverted && output->body.length <= HELD_LIMIT);
    return here && output_is_file(call, 200) && ic_answer_is_json(&call->response) ? &output->body : NULL;
}

void ic_output_explain(const ic_output_state *output, const ic_call *call, ic_error *error) {
    if (output->failure == IC_ERR_TOO_LARGE)
        ic_error_set(error, IC_ERR_TOO_LARGE,
                     "the answer is larger than max_body (%.0f bytes); raise it, or give `to` for a download",
                     call->connection->settings.max_body);
    else if (output->failure == IC_ERR_IO)
        ic_error_set(error, IC_ERR_IO, "cannot write %s: %s", call->options.path,
                     output->cause == EINVAL ? "it is no regular file" : strerror(output->cause));
    else if (output->failure == IC_ERR_PROTOCOL)
        ic_error_set(error, IC_ERR_PROTOCOL, "%s", output->refusal);
    else
        ic_error_memory(error);
}

bool ic_output_complete(ic_output_state *output, ic_call *call, ic_error *error) {
    bool taken = output->begun || output_end_head(output, call, call->response.status) == IC_TAKEN;
    taken = taken && (!output->held || output_release(output, call) == IC_TAKEN);
    if (taken && call->options.output != IC_TO_PATH) return true;
    bool whole = taken && (output->file >= 0 || output_open_temporary(output, call));
    if (whole && close(output->file) != 0) whole = false, output_fail(output, IC_ERR_IO, errno);
    output->file = -1;
    if (whole && rename(output->temporary, output->final) != 0)
        whole = false, output_fail(output, IC_ERR_IO, errno);
    if (!whole) {
        ic_output_explain(output, call, error);
        return false;
    }
    ic_free(output->temporary);
    output->temporary = NULL;
    return true;
}

void ic_output_free(ic_output_state *output) {
    if (output->file >= 0) close(output->file);
    if (output->temporary) unlink(output->temporary);
    ic_free(output->temporary);
    ic_free(output->final);
    ic_buf_free(&output->body);
    *output = (ic_output_state){.file = -1};
}
