#include "core/http/answer.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/catalog/scopes.h"
#include "core/http/retry_after.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ic_response_header(const ic_response *response, const char *name, char *value, size_t size) {
    const char *line = response->headers.data, *end = line ? line + response->headers.length : NULL;
    size_t length = strlen(name);
    const char *found = NULL;
    while (line && line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if (!next) break;
        if ((size_t)(next - line) > length && line[length] == ':' && strncasecmp(line, name, length) == 0) {
            const char *text = line + length + 1;
            while (text < next && *text == ' ')
                text++;
            snprintf(value, size, "%.*s", (int)(next - text), text);
            found = value;
        }
        line = next + 1;
    }
    return found;
}

/* The Content-Type without its parameters; "" without one. */
static const char *answer_type(const ic_response *response, char *type, size_t size) {
    if (!ic_response_header(response, "Content-Type", type, size)) *type = '\0';
    type[strcspn(type, "; ")] = '\0';
    return type;
}

static bool answer_says_json(const ic_response *response) {
    char type[128];
    size_t length = strlen(answer_type(response, type, sizeof type));
    return ic_text_same(type, "application/json") || (length > 5 && ic_text_same(type + length - 5, "+json"));
}

static bool answer_is_attachment(const ic_response *response) {
    char disposition[32];
    if (!ic_response_header(response, "Content-Disposition", disposition, sizeof disposition)) return false;
    disposition[strcspn(disposition, "; ")] = '\0';
    return ic_text_same(disposition, "attachment");
}

static bool answer_looks_like_html(const char *bytes, size_t length) {
    static const char *const openings[] = {"<!doctype html", "<html"};
    for (; length && *bytes && strchr(" \t\r\n", *bytes); length--)
        bytes++;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        size_t known = strlen(openings[i]);
        if (length >= known && strncasecmp(bytes, openings[i], known) == 0) return true;
    }
    return false;
}

bool ic_answer_has_type(const ic_response *response) {
    char type[128];
    return *answer_type(response, type, sizeof type) != '\0';
}

bool ic_answer_is_page(const ic_response *response, const char *bytes, size_t length) {
    char type[128];
    bool page = *answer_type(response, type, sizeof type) ? ic_text_same(type, "text/html")
                                                          : answer_looks_like_html(bytes, length);
    return page && !answer_is_attachment(response);
}

bool ic_answer_is_cut(const ic_response *response, double bytes) {
    char announced[64], coding[32];
    if (ic_response_header(response, "Transfer-Encoding", coding, sizeof coding)) return false;
    if (!ic_response_header(response, "Content-Length", announced, sizeof announced)) return false;
    return strtod(announced, NULL) != bytes;
}

bool ic_answer_is_json(const ic_response *response) {
    return answer_says_json(response) && !answer_is_attachment(response);
}

#define LINK_MEMBERS 4

static bool answer_is_url(const cJSON *value) {
    return cJSON_IsString(value) &&
           (ic_text_starts(value->valuestring, "https://") || ic_text_starts(value->valuestring, "http://"));
}

const char *ic_answer_link(const cJSON *tree) {
    if (answer_is_url(tree)) return tree->valuestring;
    const cJSON *member = NULL, *found = NULL;
    if (!cJSON_IsObject(tree) || cJSON_GetArraySize(tree) > LINK_MEMBERS) return NULL;
    cJSON_ArrayForEach(member, tree) {
        if (!answer_is_url(member)) continue;
        if (found) return NULL;
        found = member;
    }
    return found ? found->valuestring : NULL;
}

bool ic_answer_is_error(const cJSON *tree) {
    bool named = ic_json_string(tree, "code") && ic_json_string(tree, "message");
    return named || (ic_json_member(tree, "error") && cJSON_GetArraySize(tree) <= 2);
}

static bool answer_take_bytes(ic_buf *body, ic_value *value, ic_error *error) {
    value->kind = IC_VALUE_BYTES;
    value->length = body->length;
    value->bytes = body->length ? ic_buf_take(body, NULL) : ic_strdup("");
    if (!value->bytes) ic_error_memory(error);
    return value->bytes != NULL;
}

void ic_value_free(ic_value *value) {
    ic_tape_free(&value->tape);
    cJSON_Delete(value->tree);
    ic_free(value->bytes);
    *value = (ic_value){0};
}

static bool answer_read_json(const ic_request *request, const ic_response *response, ic_buf *body,
                             ic_value *value, ic_error *error) {
    value->kind = request->anonymous ? IC_VALUE_TREE : IC_VALUE_TAPE;
    if (request->anonymous) value->tree = ic_json_parse(body->data, body->length, error);
    if (value->tree || (!request->anonymous && ic_tape_take(&value->tape, body, error))) return true;
    ic_value_free(value);
    char type[80], *reason = NULL;
    if (error->kind != IC_ERR_PROTOCOL) return false;
    reason = ic_strdup(ic_error_message(error));
    if (!ic_response_header(response, "Content-Type", type, sizeof type)) strcpy(type, "no Content-Type");
    ic_error_set(error, IC_ERR_PROTOCOL, "the answer is not JSON (status %ld, %s, %zu bytes): %s",
                 response->status, type, body->length, reason ? reason : "");
    ic_free(reason);
    return false;
}

bool ic_answer_value(const ic_request *request, const ic_response *response, ic_buf *body, ic_value *value,
                     ic_error *error) {
    ic_answer answer = request->answer;
    if (answer == IC_ANSWER_ANY) answer = answer_says_json(response) ? IC_ANSWER_JSON : IC_ANSWER_BYTES;
    bool empty = body->length == 0;
    if (response->status == 204 ||
        (empty && request->answer != IC_ANSWER_BYTES && request->answer != IC_ANSWER_TEXT)) {
        value->kind = IC_VALUE_NOTHING;
        return true;
    }
    if (answer == IC_ANSWER_BYTES || answer == IC_ANSWER_TEXT) return answer_take_bytes(body, value, error);
    /* Ironclad's documents are sometimes wrong about the answer (FACTS.md, 7.5). Where they promise no body,
     * a body that is not JSON is ignored. */
    if (answer == IC_ANSWER_NOTHING && !answer_says_json(response)) {
        value->kind = IC_VALUE_NOTHING;
        return true;
    }
    return answer_read_json(request, response, body, value, error);
}

static void answer_say(ic_buf *message, const char *text) {
    if (text && *text) ic_buf_printf(message, ": %s", text);
}

static void answer_keep(char **slot, const char *text) {
    if (text && *text && !*slot) *slot = ic_strdup(text);
}

/* Reads code, param and message from any of the shapes of error bodies (FACTS.md, 4 and 7.9):
 * {code, message, param?}, {code}, {error: text} (exports), {error, error_description} (OAuth),
 * {detail, scimType} (SCIM), {error: {message, code}} (Clickwrap), a bare string, {}. */
static void answer_read_shapes(const cJSON *tree, ic_error *error, ic_buf *message) {
    const cJSON *inner = ic_json_member(tree, "error");
    if (cJSON_IsObject(inner)) tree = inner;
    const char *described = ic_json_string(tree, "error_description");
    answer_keep(&error->code, ic_json_string(tree, "code"));
    answer_keep(&error->code, ic_json_string(tree, "scimType"));
    if (described || !cJSON_IsString(inner) || !strchr(inner->valuestring, ' '))
        answer_keep(&error->code, ic_json_string(tree, "error"));
    answer_keep(&error->param, ic_json_string(tree, "param"));
    if (error->code) ic_buf_printf(message, " %s", error->code);
    const char *text = ic_json_string(tree, "message");
    if (!text) text = described;
    if (!text) text = ic_json_string(tree, "detail");
    if (!text) text = ic_json_string(tree, "error");
    if (!text && cJSON_IsString(tree)) text = tree->valuestring;
    if (text && error->code && strcmp(text, error->code) == 0) text = NULL;
    answer_say(message, text);
    if (error->param) ic_buf_printf(message, " (param %s)", error->param);
}

/* The kind of an error: by its code where that is more precise, otherwise by the status. */
static ic_error_kind answer_kind(long status, const char *code) {
    static const struct {
        const char *code;
        ic_error_kind kind;
    } codes[] = {
        {"NOT_FOUND", IC_ERR_NOT_FOUND},         {"INVALID_STATE", IC_ERR_INVALID_STATE},
        {"CONFLICT", IC_ERR_CONFLICT},           {"FORBIDDEN", IC_ERR_PERMISSION},
        {"UNAUTHORIZED", IC_ERR_AUTH},           {"TOO_MANY_REQUESTS", IC_ERR_RATE_LIMITED},
        {"invalid_client", IC_ERR_AUTH},         {"invalid_grant", IC_ERR_AUTH},
        {"unauthorized_client", IC_ERR_AUTH},    {"invalid_scope", IC_ERR_AUTH},
        {"unsupported_grant_type", IC_ERR_AUTH}, {"access_denied", IC_ERR_AUTH},
        {"invalid_request", IC_ERR_AUTH}, /* OAuth's: Ironclad's API has its codes in capitals */
    };
    static const struct {
        long status;
        ic_error_kind kind;
    } statuses[] = {
        {401, IC_ERR_AUTH},     {403, IC_ERR_PERMISSION}, {404, IC_ERR_NOT_FOUND},    {408, IC_ERR_TIMEOUT},
        {409, IC_ERR_CONFLICT}, {413, IC_ERR_TOO_LARGE},  {429, IC_ERR_RATE_LIMITED},
    };
    bool about_state = status < 500 && code;
    for (size_t i = 0; about_state && i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i].code) == 0) return codes[i].kind;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (status == statuses[i].status) return statuses[i].kind;
    if (status >= 500) return IC_ERR_SERVER;
    return status >= 400 ? IC_ERR_INVALID_REQUEST : IC_ERR_PROTOCOL;
}

static void answer_add_advice(const ic_request *request, const ic_error *error, ic_buf *message) {
    const char *scopes = request->operation->scopes;
    const char *code = error->code ? error->code : "";
    if (strcmp(code, "invalid_scope") == 0)
        ic_buf_puts(message, "; one scope that the app or the company lacks fails them all (remove it from "
                             "`scopes`; default_scope = false leaves out the added scim.users.readUsers)");
    else if (strcmp(code, "unauthorized_client") == 0 || strcmp(code, "invalid_client") == 0)
        ic_buf_puts(message,
                    "; check client_id, client_secret and instance (an app of one Ironclad environment "
                    "does not work on another)");
    else if (error->kind == IC_ERR_PERMISSION && *scopes) {
        ic_buf_puts(message, "; this operation needs the scope ");
        ic_scopes_describe(scopes, message);
        ic_buf_puts(message, ", and a user (as_user) with the right to do it");
    } else if (strcmp(code, "invalid_grant") == 0)
        ic_buf_puts(
            message,
            "; the code or refresh token was used already, has expired or was revoked, or the redirect URI "
            "differs: log in again");
    else if (strcmp(code, "invalid_request") == 0 && request->anonymous)
        ic_buf_puts(message, "; check client_id");
    else if (error->kind == IC_ERR_AUTH && error->status == 401 && !request->anonymous)
        ic_buf_puts(message, "; the access token was refused");
}

void ic_answer_error(const ic_request *request, const ic_response *response, const ic_buf *body, double now,
                     ic_error *error) {
    char header[256];
    ic_error unreadable = {0};
    cJSON *tree = body->length ? ic_json_parse(body->data, body->length, &unreadable) : NULL;
    ic_error_clear(&unreadable);
    ic_error_set(error, IC_ERR_SERVER, "Ironclad answered %ld", response->status);
    ic_buf message = {0};
    ic_buf_printf(&message, "Ironclad answered %ld", response->status);
    error->status = response->status;
    answer_read_shapes(tree, error, &message);
    cJSON_Delete(tree);
    error->kind = answer_kind(response->status, error->code);
    if (ic_response_header(response, "Retry-After", header, sizeof header))
        error->retry_after = ic_retry_after(header, now);
    if (ic_response_header(response, "x-ironclad-requestid", header, sizeof header))
        error->request_id = ic_strdup(header);
    answer_add_advice(request, error, &message);
    char *text = ic_buf_take(&message, NULL);
    if (text) {
        ic_free(error->message);
        error->message = text;
    }
}

void ic_response_free(ic_response *response) {
    ic_buf_free(&response->headers);
    *response = (ic_response){0};
}
