#include "lua/result.h"
#include "lua/field.h"
#include "lua/json_decode.h"
#include "lua/reply.h"
#include "lua/values.h"
#include <ctype.h>
#include <string.h>

static void result_set_operation(lua_State *L, const ic_operation *operation) {
    char label[96];
    ic_lua_set_text(L, "operation", ic_operation_label(operation, label, sizeof label));
}

void ic_lua_push_value(lua_State *L, ic_call *call) {
    ic_value *value = &call->value;
    if (call->error.kind != IC_OK)
        lua_pushnil(L);
    else if (value->kind == IC_VALUE_TAPE)
        ic_lua_push_tape(L, &value->tape, value->tape.words);
    else if (value->kind == IC_VALUE_TREE)
        ic_lua_push_tree(L, value->tree);
    else if (value->kind == IC_VALUE_BYTES)
        lua_pushlstring(L, value->bytes, value->length);
    else if (value->kind == IC_VALUE_REPLY)
        ic_lua_push_reply(L, &value->reply);
    else if (value->kind == IC_VALUE_PATH)
        lua_pushstring(L, call->options.path);
    else
        lua_pushboolean(L, 1);
}

void ic_lua_push_error(lua_State *L, const ic_error *error) {
    if (error->kind == IC_OK) {
        lua_pushnil(L);
        return;
    }
    char label[96];
    const ic_operation *operation = error->operation ? ic_operation_by_id(error->operation) : NULL;
    lua_createtable(L, 0, 13);
    ic_lua_set_text(L, "kind", ic_error_kind_name(error->kind));
    ic_lua_set_text(L, "message", ic_error_message(error));
    ic_lua_set_text(L, "operation",
                    operation ? ic_operation_label(operation, label, sizeof label) : error->operation);
    ic_lua_set_text(L, "outcome", error->outcome == IC_OUTCOME_UNKNOWN ? "unknown" : "not_done");
    ic_lua_set_text(L, "code", error->code);
    ic_lua_set_text(L, "param", error->param);
    ic_lua_set_text(L, "request_id", error->request_id);
    ic_lua_set_text(L, "attempt_id", error->attempt_id);
    ic_lua_set_count(L, "attempts", error->attempts);
    if (error->status) ic_lua_set_count(L, "status", (double)error->status);
    if (error->retry_after >= 0) ic_lua_set_count(L, "retry_after", error->retry_after);
    ic_lua_set_boolean(L, "retryable", error->retryable);
}

/* Sets one "Name: value" line in the table at the top of the stack; "Name;" is a field without a value, as
 * libcurl takes it (CURLOPT_HTTPHEADER(3)). */
static void result_set_header(lua_State *L, const char *line, const char *end) {
    char name[256];
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon && end > line && end[-1] == ';') colon = end - 1;
    if (!colon || (size_t)(colon - line) >= sizeof name) return;
    size_t length = (size_t)(colon - line);
    for (size_t i = 0; i < length; i++)
        name[i] = (char)tolower((unsigned char)line[i]);
    for (colon++; colon < end && *colon == ' ';)
        colon++;
    lua_pushlstring(L, name, length);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, colon, (size_t)(end - colon));
    } else {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, colon, (size_t)(end - colon));
        lua_concat(L, 3);
    }
    lua_rawset(L, -3);
}

static void result_push_headers(lua_State *L, const ic_buf *headers) {
    int count = 0;
    for (size_t i = 0; i < headers->length; i++)
        count += headers->data[i] == '\n';
    lua_createtable(L, 0, count);
    if (!headers->length) return;
    const char *line = headers->data, *last = line + headers->length;
    while (line < last) {
        const char *end = memchr(line, '\n', (size_t)(last - line));
        if (!end) break;
        result_set_header(L, line, end);
        line = end + 1;
    }
}

void ic_lua_push_response(lua_State *L, const ic_response *response) {
    char id[256];
    lua_createtable(L, 0, 8);
    if (response->status) {
        ic_lua_set_count(L, "status", (double)response->status);
        result_push_headers(L, &response->headers);
        lua_setfield(L, -2, "headers");
        ic_lua_set_text(L, "http_version", response->http_version);
        ic_lua_set_text(L, "request_id", ic_response_request_id(response, id, sizeof id));
    }
    ic_lua_set_text(L, "attempt_id", response->attempt_id);
    ic_lua_set_count(L, "attempts", response->attempts);
    ic_lua_set_number(L, "seconds", response->seconds);
}

static void result_push_form(lua_State *L, const ic_request *request) {
    lua_createtable(L, (int)request->form_count, 0);
    for (size_t i = 0; i < request->form_count; i++) {
        const ic_form_field *field = &request->form[i];
        const ic_part *part = field->file >= 0 ? &request->parts.items[field->file] : NULL;
        lua_createtable(L, 0, 4);
        ic_lua_set_text(L, "name", field->name);
        ic_lua_set_text(L, "text", field->text);
        if (part) {
            ic_lua_set_text(L, "filename", part->filename);
            ic_lua_set_text(L, "content_type", part->content_type);
            ic_lua_set_text(L, "path", part->path);
        }
        lua_rawseti(L, -2, (int)i + 1);
    }
}

void ic_lua_push_request(lua_State *L, const ic_call *call) {
    const ic_request *request = &call->request;
    lua_createtable(L, 0, 5);
    ic_lua_set_text(L, "method", ic_method_name(request->method));
    lua_pushfstring(L, "%s%s", request->absolute ? "" : ic_connection_origin(call->connection, request->host),
                    request->target);
    lua_setfield(L, -2, "url");
    ic_lua_set_text(L, "body", request->body);
    ic_lua_set_text(L, "as_user", request->anonymous ? NULL : ic_call_actor(call));
    if (request->form) {
        result_push_form(L, request);
        lua_setfield(L, -2, "form");
    }
    lua_createtable(L, 0, (int)request->header_count);
    for (size_t i = 0; i < request->header_count; i++)
        result_set_header(L, request->headers[i], request->headers[i] + strlen(request->headers[i]));
    lua_setfield(L, -2, "headers");
}

void ic_lua_push_event(lua_State *L, const ic_event *event) {
    static const char *const kinds[] = {[IC_EVENT_REQUEST] = "request",
                                        [IC_EVENT_RESPONSE] = "response",
                                        [IC_EVENT_RETRY] = "retry",
                                        [IC_EVENT_WAIT] = "wait"};
    lua_createtable(L, 0, 12);
    ic_lua_set_text(L, "kind", kinds[event->kind]);
    result_set_operation(L, event->operation);
    ic_lua_set_text(L, "method", ic_method_name(event->method));
    ic_lua_set_text(L, "url", event->url);
    ic_lua_set_count(L, "attempt", event->attempt);
    if (event->status) ic_lua_set_count(L, "status", (double)event->status);
    if (event->failure != IC_OK) ic_lua_set_text(L, "error", ic_error_kind_name(event->failure));
    if (event->kind != IC_EVENT_REQUEST && event->seconds >= 0)
        ic_lua_set_number(L, "seconds", event->seconds);
    ic_lua_set_text(L, "reason", event->reason);
    ic_lua_set_text(L, "bucket", event->bucket);
    ic_lua_set_text(L, "request_id", event->request_id);
    ic_lua_set_text(L, "attempt_id", event->attempt_id);
    if (event->lost) ic_lua_set_count(L, "lost", event->lost);
}
