/* Answers, in Ironclad's formats. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/json/json_text.h"
#include "sandbox/http/exchange.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 2048

static void reply_clear(ic_exchange *x) {
    ic_json_text_free(x->text);
    ic_blob_release(x->blob);
    ic_free(x->html);
    ic_free(x->location);
    ic_free(x->disposition);
    x->text = x->html = x->location = x->disposition = NULL;
    x->blob = NULL;
    x->media_type = NULL;
}

void ic_reply_no_memory(ic_exchange *x) {
    reply_clear(x);
    x->status = 500; /* no body: there is no memory for one */
}

void ic_reply_json(ic_exchange *x, unsigned status, cJSON *tree) {
    char *text = tree ? ic_json_print(tree) : NULL;
    cJSON_Delete(tree);
    if (!text) {
        ic_reply_no_memory(x);
        return;
    }
    reply_clear(x);
    x->status = status;
    x->text = text;
}

void ic_reply_page(ic_exchange *x, ic_page page, size_t count, cJSON *list) {
    cJSON *answer = cJSON_CreateObject();
    ic_put_number(answer, "page", (double)page.number);
    ic_put_number(answer, "pageSize", (double)page.size);
    ic_put_number(answer, "count", (double)count);
    ic_put(answer, "list", list);
    ic_reply_json(x, 200, answer);
}

void ic_reply_empty(ic_exchange *x) {
    reply_clear(x);
}

void ic_reply_nothing(ic_exchange *x) {
    reply_clear(x);
    x->status = 204;
}

void ic_reply_bytes(ic_exchange *x, ic_blob *blob) {
    ic_blob_hold(blob);
    reply_clear(x);
    x->status = 200;
    x->blob = blob;
}

void ic_reply_file(ic_exchange *x, ic_blob *blob, const char *media_type) {
    ic_reply_bytes(x, blob);
    x->media_type = media_type;
}

/* The filename in ASCII, and again in UTF-8 if ASCII cannot express it: RFC 6266. */
static char *reply_disposition(const char *filename) {
    ic_buf text = {0};
    bool plain = true;
    ic_buf_puts(&text, "attachment; filename=\"");
    for (const char *c = filename; *c; c++) {
        bool fits = *c >= ' ' && *c <= '~' && !strchr("\"\\%", *c);
        ic_buf_putc(&text, fits ? *c : '_');
        plain = plain && fits;
    }
    ic_buf_putc(&text, '"');
    if (!plain) {
        ic_buf_puts(&text, "; filename*=UTF-8''");
        ic_percent_encode(&text, filename, strlen(filename));
    }
    char *whole = ic_buf_take(&text, NULL);
    ic_buf_free(&text);
    return whole;
}

void ic_reply_download(ic_exchange *x, ic_blob *blob, const char *media_type, const char *filename) {
    char *disposition = reply_disposition(filename);
    if (!disposition) {
        ic_reply_no_memory(x);
        return;
    }
    ic_reply_file(x, blob, media_type);
    x->disposition = disposition;
}

static void reply_take(ic_exchange *x, unsigned status, char **place, ic_buf *buffer) {
    char *text = ic_buf_take(buffer, NULL);
    if (!text) {
        ic_reply_no_memory(x);
        return;
    }
    reply_clear(x);
    x->status = status;
    *place = text;
}

void ic_reply_html(ic_exchange *x, ic_buf *page) {
    reply_take(x, 200, &x->html, page);
}

void ic_reply_redirect(ic_exchange *x, ic_buf *location) {
    reply_take(x, 302, &x->location, location);
}

/* Ends a text before its first invalid or truncated UTF-8 character. */
static void reply_truncate_invalid(char *text) {
    size_t bad;
    if (!ic_utf8_valid(text, strlen(text), &bad)) text[bad] = '\0';
}

/* Prints as much as fits, in whole characters. */
__attribute__((format(printf, 3, 0))) static void reply_print_message(char *message, size_t size,
                                                                      const char *format, va_list arguments) {
    vsnprintf(message, size, format, arguments);
    reply_truncate_invalid(message);
}

/* RFC 7644, 3.12. */
static void reply_scim_body(ic_exchange *x, unsigned status, const char *schemas, const char *type,
                            const char *message) {
    char digits[16];
    snprintf(digits, sizeof digits, "%u", status);
    cJSON *error = cJSON_CreateObject();
    cJSON *list = ic_put(error, schemas, cJSON_CreateArray());
    ic_append(list, cJSON_CreateString("urn:ietf:params:scim:api:messages:2.0:Error"));
    ic_put_text(error, "status", digits);
    if (type) ic_put_text(error, "scimType", type);
    ic_put_text(error, "detail", message);
    ic_reply_json(x, status, error);
}

void ic_reply_scim_error(ic_exchange *x, unsigned status, const char *type, const char *format, ...) {
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    reply_print_message(message, sizeof message, format, arguments);
    va_end(arguments);
    reply_scim_body(x, status, "schemas", type, message);
}

void ic_reply_scim_filter_error(ic_exchange *x, const char *message) {
    char whole[MESSAGE_MAX];
    snprintf(whole, sizeof whole, "%s", message);
    reply_truncate_invalid(whole);
    reply_scim_body(x, 400, "schema", "invalidFilter", whole);
}

/* SCIM's keyword for a code of the other API; NULL: none. */
static const char *reply_scim_type(const char *code, const char *param) {
    if (param && strcmp(param, "body") == 0) return "invalidSyntax";
    return strcmp(code, "INVALID_PARAM") == 0 || strcmp(code, "MISSING_PARAM") == 0 ? "invalidValue" : NULL;
}

/* {error: {message, status, name, code}}: the rate-limits page of Clickwrap. */
static void reply_clickwrap_body(ic_exchange *x, unsigned status, const char *code, const char *message) {
    static const struct name {
        unsigned status;
        const char *text;
    } names[] = {{400, "BadRequestError"}, {401, "UnauthorizedError"},     {403, "ForbiddenError"},
                 {404, "NotFoundError"},   {409, "ConflictError"},         {413, "PayloadTooLargeError"},
                 {422, "ValidationError"}, {429, "RateLimitExceededError"}};
    const char *name = "InternalServerError";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status) name = names[i].text;
    cJSON *answer = cJSON_CreateObject(), *error = ic_put(answer, "error", cJSON_CreateObject());
    ic_put_text(error, "message", message);
    ic_put_number(error, "status", status);
    ic_put_text(error, "name", name);
    ic_put_text(error, "code", code);
    ic_reply_json(x, status, answer);
}

void ic_reply_error(ic_exchange *x, unsigned status, const char *code, const char *param, const char *format,
                    ...) {
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    reply_print_message(message, sizeof message, format, arguments);
    va_end(arguments);
    if (ic_text_starts(x->path, "/scim/")) {
        reply_scim_body(x, status, "schemas", reply_scim_type(code, param), message);
        return;
    }
    if (x->product == IC_PRODUCT_CLICKWRAP) {
        reply_clickwrap_body(x, status, code, message);
        return;
    }
    cJSON *error = cJSON_CreateObject();
    if (status == 400 && ic_text_starts(x->path, "/public/api/v1/exports")) {
        ic_put_text(error, "error", message);
        ic_reply_json(x, status, error);
        return;
    }
    ic_put_text(error, "code", code);
    ic_put_text(error, "message", message);
    if (param) {
        char whole[MESSAGE_MAX]; /* it may contain a name that the client sent, truncated to fit */
        snprintf(whole, sizeof whole, "%s", param);
        reply_truncate_invalid(whole);
        ic_put_text(error, "param", whole);
    }
    ic_reply_json(x, status, error);
}

void ic_reply_oauth_error(ic_exchange *x, unsigned status, const char *error, const char *description) {
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "error", error);
    ic_put_text(answer, "error_description", description);
    ic_reply_json(x, status, answer);
}

void ic_reply_text_error(ic_exchange *x, unsigned status, const char *message) {
    ic_reply_json(x, status, cJSON_CreateString(message));
}
