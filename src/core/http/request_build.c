#include "core/http/request_build.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/catalog/settings.h"
#include "core/http/body.h"
#include "core/http/query.h"
#include "core/json/json_text.h"
#include <string.h>

/* The operations of raw requests: without files, and with files. */
static const ic_field request_no_fields[] = {{0}};

#define RAW(kind)                                                                                            \
    {                                                                                                        \
        .id = "request", .path = "", .query = request_no_fields, .fields = request_no_fields, .body = kind,  \
        .answer = IC_ANSWER_ANY, .scopes = ""                                                                \
    }

static const ic_operation request_raw_json = RAW(IC_BODY_JSON), request_raw_form = RAW(IC_BODY_FORM);

/* Operations that are not in the catalog; errors name them by this id. */
#define OUTSIDE(name)                                                                                        \
    { .id = name, .path = "", .query = request_no_fields, .fields = request_no_fields, .scopes = "" }

static const ic_operation request_pause_operation = OUTSIDE("pause"),
                          request_shared_operation = OUTSIDE("shared"),
                          request_download_operation = OUTSIDE("download"),
                          request_forward_operation = OUTSIDE("forward");

static bool request_finish(ic_request *request, ic_buf *target, ic_error *error) {
    request->target = ic_buf_take(target, NULL);
    if (request->target) return true;
    ic_error_memory(error);
    return false;
}

/* A path parameter may hold almost any text, because it is percent-encoded. It must be UTF-8, not be empty
 * and not hold control characters, and "." and ".." are refused because servers treat them as structure even
 * when encoded. */
static bool request_add_segment(ic_buf *target, const char *name, size_t name_length, const char *value,
                                size_t length, ic_error *error) {
    const char *wrong = NULL;
    size_t bad;
    if (length == 0)
        wrong = "must not be empty";
    else if (strlen(value) != length || !ic_header_safe(value))
        wrong = "must not hold control characters";
    else if (!ic_utf8_valid(value, length, &bad))
        wrong = "must be UTF-8";
    else if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
        wrong = "must not be \".\" or \"..\"";
    if (wrong) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%.*s: %s", (int)name_length, name, wrong);
        return false;
    }
    ic_percent_encode(target, value, length);
    return true;
}

static bool request_build_path(const ic_operation *operation, const ic_arguments *arguments, ic_buf *target,
                               ic_error *error) {
    const char *at = operation->path;
    size_t count = ic_path_parameters(operation->path);
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        const char *name = ic_path_parameter(operation->path, i, &length);
        if (i >= arguments->path_count || !arguments->path[i]) {
            ic_error_set(error, IC_ERR_ARGUMENT, "%.*s: missing; it is part of the path %s", (int)length,
                         name, operation->path);
            return false;
        }
        ic_buf_add(target, at, (size_t)(name - 1 - at));
        if (!request_add_segment(target, name, length, arguments->path[i], arguments->path_length[i], error))
            return false;
        at = name + length + 1;
    }
    if (arguments->path_count > count) {
        ic_error_set(error, IC_ERR_ARGUMENT, "expected %zu path parameters for %s, got %zu", count,
                     operation->path, arguments->path_count);
        return false;
    }
    ic_buf_puts(target, at);
    return true;
}

/* Headers that only this module sets. */
static const char *const request_reserved[] = {
    "authorization",   "host",         "content-length", "transfer-encoding", "connection", "expect",
    "x-as-user-email", "x-as-user-id", "content-type",   "accept-encoding",   NULL};

static bool request_check_header(const cJSON *header, ic_error *error) {
    const char *name = header->string;
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (!*name || name[strspn(name, token)]) {
        ic_error_set(error, IC_ERR_ARGUMENT, "headers: a name may only hold letters, digits and \"-\"");
        return false;
    }
    if (!cJSON_IsString(header) || !ic_header_safe(header->valuestring)) {
        ic_error_set(error, IC_ERR_ARGUMENT,
                     "headers.%s: expected a string without control characters, got %s", name,
                     cJSON_IsString(header) ? "one with them" : ic_json_type(header));
        return false;
    }
    for (int i = 0; request_reserved[i]; i++) {
        if (!ic_text_same(name, request_reserved[i])) continue;
        bool actor = ic_text_starts(request_reserved[i], "x-as-user");
        ic_error_set(error, IC_ERR_ARGUMENT, "headers.%s: is set by the module%s", name,
                     actor ? "; use the option as_user" : "");
        return false;
    }
    return true;
}

/* Header names are the same in any case. */
static bool request_check_once(const cJSON *headers, const cJSON *header, ic_error *error) {
    for (const cJSON *other = headers->child; other != header; other = other->next) {
        if (!ic_text_same(other->string, header->string)) continue;
        ic_error_set(error, IC_ERR_ARGUMENT, "headers: %s and %s are the same header", other->string,
                     header->string);
        return false;
    }
    return true;
}

static bool request_build_headers(const cJSON *headers, ic_request *request, ic_error *error) {
    int count = headers ? cJSON_GetArraySize(headers) : 0;
    if (!count) return true;
    request->headers = ic_calloc((size_t)count, sizeof *request->headers);
    const cJSON *header = NULL;
    cJSON_ArrayForEach(header, headers) {
        if (!request->headers) break;
        if (!request_check_header(header, error) || !request_check_once(headers, header, error)) return false;
        ic_buf line = {0};
        /* libcurl leaves out a blank value, and requires a semicolon instead (CURLOPT_HTTPHEADER(3)). */
        if (ic_text_is_blank(header->valuestring))
            ic_buf_printf(&line, "%s;", header->string);
        else
            ic_buf_printf(&line, "%s: %s", header->string, header->valuestring);
        char *text = ic_buf_take(&line, NULL);
        if (!text) break;
        request->headers[request->header_count++] = text;
    }
    if (request->header_count == (size_t)count) return true;
    ic_error_memory(error);
    return false;
}

static void request_address(ic_request *request, ic_service service) {
    request->product = ic_services[service].product;
    request->host = ic_services[service].host;
    request->no_bearer = !ic_services[service].bearer;
}

bool ic_request_build(const ic_operation *operation, ic_arguments *arguments, ic_request *request,
                      ic_error *error) {
    ic_buf target = {0};
    request->operation = operation;
    request->method = operation->method;
    request->answer = operation->answer;
    request->bucket = ic_operation_bucket(operation);
    request->repeatable = operation->repeatable;
    request->reads = operation->reads;
    request_address(request, operation->service);
    bool built = request_build_path(operation, arguments, &target, error) &&
                 ic_query_build(operation, arguments, &target, error) &&
                 request_build_headers(arguments->headers, request, error) &&
                 ic_body_build(operation, arguments, request, error) &&
                 request_finish(request, &target, error);
    ic_buf_free(&target);
    return built;
}

static bool request_is_ascii(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text > 127) return false;
    return true;
}

static bool request_check_raw_path(const char *path, ic_error *error) {
    const char *wrong = NULL;
    if (path[0] != '/' || path[1] == '/')
        wrong = "must begin with one \"/\"";
    else if (strpbrk(path, " #\\") || !ic_header_safe(path) || !request_is_ascii(path))
        wrong = "must be percent-encoded";
    for (const char *at = path; !wrong && at && (at = strstr(at, "/..")); at += 3)
        if (!at[3] || strchr("/?", at[3])) wrong = "must not hold \"..\"";
    if (!wrong && (strcasestr(path, "/%2e") || strcasestr(path, "/.%2e"))) wrong = "must not hold \"..\"";
    if (wrong) ic_error_set(error, IC_ERR_ARGUMENT, "path: %s", wrong);
    return !wrong;
}

/* Whether the path is of an operation that must not be sent twice, although its method would allow it. */
static bool request_is_once(ic_product product, ic_method method, const char *path) {
    ic_buf bare = {0};
    ic_buf_add(&bare, path, strcspn(path, "?"));
    const char *text = ic_buf_text(&bare);
    const ic_operation *operation = text ? ic_operation_by_path(product, method, text, NULL) : NULL;
    bool once = !text || (operation && !operation->repeatable);
    ic_buf_free(&bare);
    return once;
}

bool ic_request_raw(ic_product product, ic_method method, const char *path, ic_arguments *arguments,
                    ic_request *request, ic_error *error) {
    if (!request_check_raw_path(path, error)) return false;
    if (method == IC_GET && (arguments->body || arguments->files || arguments->extra_body)) {
        ic_error_set(error, IC_ERR_ARGUMENT, "body: a GET request has no body");
        return false;
    }
    ic_buf target = {0};
    bool files = arguments->parts && arguments->parts->count;
    request->operation = files ? &request_raw_form : &request_raw_json;
    request->method = method;
    request->answer = IC_ANSWER_ANY;
    request->bucket = ic_bucket_of(product, method, path);
    request->repeatable = (method == IC_GET || method == IC_PUT || method == IC_DELETE) &&
                          !request_is_once(product, method, path);
    request->reads = method == IC_GET && request->repeatable;
    request_address(request, ic_service_of(product, method, path));
    ic_buf_puts(&target, path);
    bool built = ic_query_append(arguments->query, strchr(path, '?') ? '&' : '?', &target, error) &&
                 request_build_headers(arguments->headers, request, error) &&
                 ic_body_build(request->operation, arguments, request, error) &&
                 request_finish(request, &target, error);
    ic_buf_free(&target);
    return built;
}

/* Sets the whole URL that the request is sent to. False with ARGUMENT or MEMORY. */
static bool request_take_url(const char *url, bool allow_http, ic_request *request, ic_error *error) {
    const char *objection =
        ic_header_safe(url) ? ic_url_objection(url, allow_http) : "holds control characters";
    if (objection && objection != ic_url_unchecked) {
        ic_error_set(error, IC_ERR_ARGUMENT, "url: %s", objection);
        return false;
    }
    if (!objection) ic_url_resolve(url, url, &request->target);
    if (!request->target) ic_error_memory(error);
    return request->target != NULL;
}

bool ic_request_download(const char *url, bool allow_http, ic_request *request, ic_error *error) {
    *request = (ic_request){.operation = &request_download_operation,
                            .anonymous = true,
                            .absolute = true,
                            .answer = IC_ANSWER_BYTES,
                            .bucket = IC_BUCKET_NONE,
                            .repeatable = true,
                            .reads = true};
    return request_take_url(url, allow_http, request, error);
}

bool ic_request_forward(const char *url, bool allow_http, const cJSON *headers, const char *body,
                        ic_request *request, ic_error *error) {
    *request = (ic_request){.operation = &request_forward_operation,
                            .method = IC_POST,
                            .anonymous = true,
                            .absolute = true,
                            .answer = IC_ANSWER_TEXT,
                            .bucket = IC_BUCKET_NONE};
    request->body = ic_strdup(body);
    if (!request->body) ic_error_memory(error);
    return request->body && request_build_headers(headers, request, error) &&
           request_take_url(url, allow_http, request, error);
}

void ic_request_pause(ic_request *request) {
    *request = (ic_request){
        .operation = &request_pause_operation, .anonymous = true, .repeatable = true, .reads = true};
}

void ic_request_shared(ic_request *request) {
    *request = (ic_request){.operation = &request_shared_operation, .anonymous = true, .repeatable = true};
}
