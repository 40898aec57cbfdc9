#include "core/http/answer.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/json/json_tape_read.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of the first header of that name from *at on, and its length; *at is moved past it. NULL: no
 * more. */
static const char *answer_next_header(const ic_response *response, const char *name, size_t *at,
                                      size_t *length) {
    size_t known = strlen(name);
    while (*at < response->headers.length) {
        const char *line = response->headers.data + *at;
        const char *next = memchr(line, '\n', response->headers.length - *at);
        if (!next) return NULL;
        *at += (size_t)(next - line) + 1;
        if ((size_t)(next - line) <= known || strncasecmp(line, name, known) != 0) continue;
        /* A blank before the colon is not allowed (RFC 9112, 5.1), and comes. */
        const char *text = line + known;
        while (*text == ' ' || *text == '\t')
            text++;
        if (*text++ != ':') continue;
        while (text < next && (*text == ' ' || *text == '\t'))
            text++;
        *length = (size_t)(next - text);
        return text;
    }
    return NULL;
}

const char *ic_response_header(const ic_response *response, const char *name, char *value, size_t size) {
    size_t at = 0, length;
    const char *text, *found = NULL;
    while ((text = answer_next_header(response, name, &at, &length))) {
        snprintf(value, size, "%.*s", (int)length, text);
        found = value;
    }
    return found;
}

double ic_response_date(const ic_response *response, double now) {
    char date[64];
    if (!ic_response_header(response, "Date", date, sizeof date)) return now;
    time_t seconds = curl_getdate(date, NULL);
    return seconds < 0 ? now : (double)seconds;
}

const char *ic_response_request_id(const ic_response *response, char *id, size_t size) {
    char header[256];
    ic_buf escaped = {0};
    if (!ic_response_header(response, "x-ironclad-requestid", header, sizeof header) || !*header) return NULL;
    ic_text_escape(&escaped, header, strlen(header), size - sizeof "…");
    const char *text = ic_buf_text(&escaped);
    if (text) snprintf(id, size, "%s", text);
    ic_buf_free(&escaped);
    return text ? id : NULL;
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

const char ic_answer_encoded_refusal[] =
    "the answer is compressed (Content-Encoding or Transfer-Encoding), although that was not asked for";

/* Whether a header with codings has another one than `known` (RFC 9110, 8.4.1; RFC 9112, 6.1). */
static bool answer_has_other_coding(const ic_response *response, const char *header, const char *known) {
    size_t at = 0, length;
    const char *text;
    while ((text = answer_next_header(response, header, &at, &length))) {
        for (const char *end = text + length; text < end;) {
            text += strspn(text, ", \t\r");
            size_t coding = strcspn(text, ", \t\r\n");
            if (coding && (coding != strlen(known) || strncasecmp(text, known, coding) != 0)) return true;
            text += coding;
        }
    }
    return false;
}

bool ic_answer_is_encoded(const ic_response *response) {
    return answer_has_other_coding(response, "Content-Encoding", "identity") ||
           answer_has_other_coding(response, "Transfer-Encoding", "chunked");
}

bool ic_answer_has_type(const ic_response *response) {
    char type[128];
    return *answer_type(response, type, sizeof type) != '\0';
}

bool ic_answer_is_page(const ic_response *response, const char *bytes, size_t length) {
    char type[128];
    bool typed = *answer_type(response, type, sizeof type) != '\0';
    bool page = typed ? ic_text_same(type, "text/html") || ic_text_same(type, "application/xhtml+xml")
                      : answer_looks_like_html(bytes, length);
    return page && !answer_is_attachment(response);
}

/* A Content-Length may be repeated, in lines or in a list, if it is always the same (RFC 9110, 8.6). */
static bool answer_announces(const char *text, size_t length, double bytes) {
    const char *end = text + length;
    while (text < end) {
        size_t digits = strspn(text, "0123456789"), blanks = strspn(text + digits, " \t\r");
        if (!digits || strtod(text, NULL) != bytes) return false;
        text += digits + blanks;
        if (text < end && *text != ',') return false;
        text += strspn(text, ", \t");
    }
    return true;
}

/* Whether the last transfer coding is chunked, so that a Content-Length does not count (RFC 9112, 6.3).
 * Without chunks libcurl reads until the connection ends. */
static bool answer_is_chunked(const ic_response *response) {
    static const char chunked[] = "chunked";
    const size_t known = sizeof chunked - 1;
    size_t at = 0, length;
    const char *text;
    bool last = false;
    while ((text = answer_next_header(response, "Transfer-Encoding", &at, &length))) {
        while (length && strchr(" \t\r", text[length - 1]))
            length--;
        last = length >= known && strncasecmp(text + length - known, chunked, known) == 0;
    }
    return last;
}

bool ic_answer_is_cut(const ic_response *response, double bytes) {
    size_t at = 0, length;
    const char *text;
    if (answer_is_chunked(response)) return false;
    while ((text = answer_next_header(response, "Content-Length", &at, &length)))
        if (!answer_announces(text, length, bytes)) return true;
    return false;
}

bool ic_answer_is_endless(const ic_response *response) {
    size_t at = 0, length;
    bool http1 = *response->http_version == '1';
    return http1 && !answer_is_chunked(response) &&
           !answer_next_header(response, "Content-Length", &at, &length);
}

bool ic_answer_is_json(const ic_response *response) {
    return answer_says_json(response) && !answer_is_attachment(response);
}

#define LINK_MEMBERS 4
/* An error body of Ironclad's has code, message and perhaps param. */
#define ERROR_MEMBERS 3
#define ERROR_BYTES   4096

static bool answer_is_url(const cJSON *value) {
    return cJSON_IsString(value) &&
           (ic_text_starts(value->valuestring, "https://") || ic_text_starts(value->valuestring, "http://"));
}

bool ic_answer_may_link(const ic_operation *operation) {
    return strcmp(operation->id, "export-job-download") == 0;
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

static bool answer_has_code(const cJSON *tree) {
    return ic_json_string(tree, "code") && ic_json_string(tree, "message");
}

bool ic_answer_is_error(ic_answer answer, const cJSON *tree) {
    if (answer == IC_ANSWER_JSON) return answer_has_code(tree) && cJSON_GetArraySize(tree) <= ERROR_MEMBERS;
    return answer_has_code(tree) || (ic_json_member(tree, "error") && cJSON_GetArraySize(tree) <= 2);
}

/* Whether the JSON text has more values at its top than `most`, by its commas. Most answers show it in their
 * first bytes. */
static bool answer_has_more(const ic_buf *body, size_t most) {
    size_t depth = 0, commas = 0;
    bool inside = false; /* a string */
    for (size_t i = 0; i < body->length && commas < most; i++) {
        char byte = body->data[i];
        if (byte == '\\')
            i++;
        else if (byte == '"')
            inside = !inside;
        else if (!inside && (byte == '{' || byte == '['))
            depth++;
        else if (!inside && (byte == '}' || byte == ']'))
            depth--;
        else if (!inside && byte == ',' && depth == 1)
            commas++;
    }
    return commas >= most;
}

bool ic_answer_may_be_error(const ic_request *request, const ic_response *response, const ic_buf *body) {
    if (request->anonymous || !body->length || body->length > ERROR_BYTES || !ic_answer_is_json(response))
        return false;
    return request->answer == IC_ANSWER_NOTHING ||
           (request->answer == IC_ANSWER_JSON && !answer_has_more(body, ERROR_MEMBERS) &&
            memmem(body->data, body->length, "\"code\"", 6) &&
            memmem(body->data, body->length, "\"message\"", 9));
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
    ic_reply_clear(&value->reply);
    *value = (ic_value){0};
}

/* What is expected of the whole answer, or NULL when it is that. */
static const char *answer_misses(const ic_content *content, const uint64_t *word) {
    ic_tape_kind kind = ic_tape_kind_of(*word);
    bool list = content->type == IC_CONTENT_ITEMS && !content->field;
    bool object = content->type == IC_CONTENT_ONE || (content->type == IC_CONTENT_ITEMS && content->field);
    if (content->type == IC_CONTENT_ANY) return NULL;
    if (list) return kind == IC_TAPE_ARRAY ? NULL : "a list";
    if (object) return kind == IC_TAPE_OBJECT ? NULL : "an object";
    return kind == IC_TAPE_ARRAY || kind == IC_TAPE_OBJECT ? NULL : "an object or a list";
}

/* The value of the member with that name, or NULL. */
static const uint64_t *answer_member(const ic_tape *tape, const char *name) {
    const uint64_t *word = tape->words, *found = NULL;
    size_t count = ic_tape_kind_of(*word) == IC_TAPE_OBJECT ? ic_tape_count(word) : 0;
    for (word = ic_tape_next(word); count--; word = ic_tape_after(word)) {
        size_t length;
        const char *text = ic_tape_text(tape, word, &length);
        bool same = length == strlen(name) && memcmp(text, name, length) == 0;
        word = ic_tape_next(word);
        if (same) found = word;
    }
    return found;
}

/* Whether the list of a page is something else. It may be missing, null or an empty object (SCIM leaves empty
 * lists out; RFC 7644, 3.4.2). */
static bool answer_has_no_list(const ic_content *content, const ic_tape *tape) {
    bool paged = content->type == IC_CONTENT_ITEMS && content->field;
    const uint64_t *list = paged ? answer_member(tape, content->field) : NULL;
    if (!list || ic_tape_kind_of(*list) == IC_TAPE_NULL) return false;
    return ic_tape_kind_of(*list) != IC_TAPE_ARRAY &&
           !(ic_tape_kind_of(*list) == IC_TAPE_OBJECT && ic_tape_count(list) == 0);
}

/* Checks that an answer of the catalog has the type that the service's documents promise. Of Clickwrap's
 * answers these are not certain: a list may come as it is or in an object
 * (src/ironclad/clickwrap/answers.lua). */
static bool answer_check_type(const ic_request *request, const ic_response *response, const ic_tape *tape,
                              ic_error *error) {
    static const ic_content object_or_array = {.type = IC_CONTENT_PLAIN};
    if (request->answer != IC_ANSWER_JSON) return true;
    bool certain = ic_services[request->operation->service].product == IC_PRODUCT_CLM;
    const ic_content *content = certain ? &request->operation->content : &object_or_array;
    const char *expected = answer_misses(content, tape->words);
    if (expected)
        ic_error_set(error, IC_ERR_PROTOCOL, "the answer is not %s (status %ld)", expected, response->status);
    else if (answer_has_no_list(content, tape))
        ic_error_set(error, IC_ERR_PROTOCOL, "the answer's %s is not a list (status %ld)", content->field,
                     response->status);
    return error->kind == IC_OK;
}

static bool answer_read_json(const ic_request *request, const ic_response *response, ic_buf *body,
                             ic_value *value, ic_error *error) {
    value->kind = request->anonymous ? IC_VALUE_TREE : IC_VALUE_TAPE;
    if (request->anonymous) value->tree = ic_json_parse(body->data, body->length, error);
    if (value->tree) return true;
    bool read = !request->anonymous && ic_tape_take(&value->tape, body, error);
    if (read && answer_check_type(request, response, &value->tape, error)) return true;
    ic_value_free(value);
    if (read) return false;
    char type[80], *reason = NULL;
    if (error->kind != IC_ERR_PROTOCOL) return false;
    reason = ic_strdup(ic_error_message(error));
    if (!ic_response_header(response, "Content-Type", type, sizeof type)) strcpy(type, "no Content-Type");
    ic_error_set(error, IC_ERR_PROTOCOL, "the answer is not JSON (status %ld, %s, %zu bytes): %s",
                 response->status, type, body->length, reason ? reason : "");
    ic_free(reason);
    return false;
}

/* Whether an answer without a body is a success: where the documents promise none, and for a raw request that
 * is not a read. */
static bool answer_may_be_empty(const ic_request *request) {
    return request->answer == IC_ANSWER_NOTHING ||
           (request->answer == IC_ANSWER_ANY && request->method != IC_GET);
}

/* Why a body is not what a key or an answer without a promised body may have, or NULL. */
static const char *answer_is_something_else(const ic_response *response, const ic_buf *body, bool nothing) {
    if (ic_answer_is_page(response, body->data, body->length))
        return "the answer is an HTML page: a login or an error, perhaps";
    return nothing || !answer_says_json(response) ? NULL : "the answer is JSON and not a key";
}

static bool answer_refuse(ic_error *error, const ic_response *response, const char *why) {
    ic_error_set(error, IC_ERR_PROTOCOL, "%s (status %ld)", why, response->status);
    return false;
}

bool ic_answer_value(const ic_request *request, const ic_response *response, ic_buf *body, ic_value *value,
                     ic_error *error) {
    ic_answer answer = request->answer;
    if (answer == IC_ANSWER_ANY) answer = answer_says_json(response) ? IC_ANSWER_JSON : IC_ANSWER_BYTES;
    bool none = response->status == 204 || response->status == 205, empty = none || body->length == 0;
    /* Ironclad's OpenAPI document is sometimes wrong about the answer: eight of its 204 answers declare JSON.
     * Where it promises no body, a body that is not JSON is ignored. */
    bool nothing = answer == IC_ANSWER_NOTHING && !answer_says_json(response);
    if (response->status == 206 && !ic_request_header(request, "Range"))
        return answer_refuse(error, response, "the answer is a part of what was asked for");
    const char *other = !empty && (nothing || answer == IC_ANSWER_KEY)
                            ? answer_is_something_else(response, body, nothing)
                            : NULL;
    if (other) return answer_refuse(error, response, other);
    if (nothing || (empty && answer_may_be_empty(request))) {
        value->kind = IC_VALUE_NOTHING;
        return true;
    }
    if (none || (empty && answer != IC_ANSWER_BYTES))
        return answer_refuse(error, response, "the answer has no body");
    bool decoded =
        !request->form && (request->answer == IC_ANSWER_JSON || request->answer == IC_ANSWER_NOTHING);
    if (!decoded && ic_answer_is_encoded(response))
        return answer_refuse(error, response, ic_answer_encoded_refusal);
    bool json = answer == IC_ANSWER_JSON || answer == IC_ANSWER_NOTHING;
    return json ? answer_read_json(request, response, body, value, error)
                : answer_take_bytes(body, value, error);
}

void ic_response_free(ic_response *response) {
    ic_buf_free(&response->headers);
    ic_free(response->attempt_id);
    *response = (ic_response){0};
}
