#include "core/base/text.h"
#include "core/catalog/scopes.h"
#include "core/http/answer.h"
#include "core/http/retry_after.h"
#include <ctype.h>
#include <string.h>

/* Bytes of a message: of the server's own text, and of a body of unknown shape. */
#define TEXT_LIMIT    2000
#define EXCERPT_LIMIT 200

static void answer_error_say(ic_buf *message, const char *text) {
    if (!text || !*text) return;
    ic_buf_puts(message, ": ");
    ic_text_escape(message, text, strlen(text), TEXT_LIMIT);
}

/* Whether an error body holds more than code, param and error. */
static bool answer_error_has_more(const cJSON *tree) {
    const cJSON *member = NULL;
    if (!cJSON_IsObject(tree)) return true;
    cJSON_ArrayForEach(member, tree) {
        if (strcmp(member->string, "code") != 0 && strcmp(member->string, "param") != 0 &&
            strcmp(member->string, "error") != 0)
            return true;
    }
    return false;
}

/* Appends the beginning of a body, each run of white space as one blank. */
static void answer_error_quote(const ic_response *response, const ic_buf *body, ic_buf *message) {
    ic_buf line = {0};
    if (ic_answer_is_encoded(response)) return;
    for (size_t i = 0; i < body->length && line.length <= 2 * EXCERPT_LIMIT; i++) {
        bool space = isspace((unsigned char)body->data[i]);
        if (!space)
            ic_buf_putc(&line, body->data[i]);
        else if (line.length && line.data[line.length - 1] != ' ')
            ic_buf_putc(&line, ' ');
    }
    while (line.length && line.data[line.length - 1] == ' ')
        line.length--;
    if (line.length) {
        ic_buf_puts(message, ": ");
        ic_text_escape(message, line.data, line.length, EXCERPT_LIMIT);
    }
    ic_buf_free(&line);
}

static bool answer_error_is(const cJSON *text, const char *code) {
    return !cJSON_IsString(text) || (code && strcmp(text->valuestring, code) == 0);
}

/* Reads code, param and text from any of the shapes of error bodies in Ironclad's OpenAPI documents. Public
 * API: {code, message, param?}, {code}, a bare string, {}; its exports: {error: text}. OAuth: {error,
 * error_description} (RFC 6749, 5.2). SCIM: {detail, scimType} (RFC 7644, 3.12). Clickwrap: {error: {message,
 * code}}. The text is borrowed from the tree; NULL: there is none. */
static const char *answer_error_read(const cJSON *tree, ic_error *error) {
    static const char *const texts[] = {"message", "error_description", "detail", "error"};
    const cJSON *inner = ic_json_member(tree, "error");
    if (cJSON_IsObject(inner)) tree = inner;
    ic_error_take(&error->code, ic_json_string(tree, "code"));
    ic_error_take(&error->code, ic_json_string(tree, "scimType"));
    /* A word is a code, a sentence is a text. */
    if (ic_json_string(tree, "error_description") || !cJSON_IsString(inner) ||
        !strchr(inner->valuestring, ' '))
        ic_error_take(&error->code, ic_json_string(tree, "error"));
    ic_error_take(&error->param, ic_json_string(tree, "param"));
    if (cJSON_IsString(tree)) return tree->valuestring;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const cJSON *text = ic_json_member(tree, texts[i]);
        if (!answer_error_is(text, error->code)) return text->valuestring;
    }
    return NULL;
}

/* The kind of an error: that of the first row with this status and code. NULL fits any code. A code comes
 * before the status where it says more: Ironclad answers 400 with NOT_FOUND, and 403 with invalid_grant. The
 * code of a 5xx does not count: whatever it says, the server has failed, and the request may be right. */
static const struct {
    long from, to; /* statuses, both included */
    const char *code;
    ic_error_kind kind;
} answer_error_kinds[] = {
    {500, 999, NULL, IC_ERR_SERVER},
    {0, 499, "NOT_FOUND", IC_ERR_NOT_FOUND},
    {0, 499, "INVALID_STATE", IC_ERR_INVALID_STATE},
    {0, 499, "CONFLICT", IC_ERR_CONFLICT},
    {0, 499, "FORBIDDEN", IC_ERR_PERMISSION},
    {0, 499, "UNAUTHORIZED", IC_ERR_AUTH},
    {0, 499, "TOO_MANY_REQUESTS", IC_ERR_RATE_LIMITED},
    {0, 499, "invalid_client", IC_ERR_AUTH}, /* OAuth's codes; those of Ironclad's API are in capitals */
    {0, 499, "invalid_grant", IC_ERR_AUTH},
    {0, 499, "unauthorized_client", IC_ERR_AUTH},
    {0, 499, "invalid_scope", IC_ERR_AUTH},
    {0, 499, "unsupported_grant_type", IC_ERR_AUTH},
    {0, 499, "access_denied", IC_ERR_AUTH},
    {0, 499, "invalid_request", IC_ERR_AUTH},
    {401, 401, NULL, IC_ERR_AUTH},
    {403, 403, NULL, IC_ERR_PERMISSION},
    {404, 404, NULL, IC_ERR_NOT_FOUND},
    {408, 408, NULL, IC_ERR_TIMEOUT},
    {409, 409, NULL, IC_ERR_CONFLICT},
    {413, 413, NULL, IC_ERR_TOO_LARGE},
    {429, 429, NULL, IC_ERR_RATE_LIMITED},
    {400, 499, NULL, IC_ERR_INVALID_REQUEST},
};

static ic_error_kind answer_error_kind(long status, const char *code) {
    for (size_t i = 0; i < sizeof answer_error_kinds / sizeof *answer_error_kinds; i++) {
        const char *wanted = answer_error_kinds[i].code;
        bool fits = !wanted || (code && strcmp(code, wanted) == 0);
        if (fits && status >= answer_error_kinds[i].from && status <= answer_error_kinds[i].to)
            return answer_error_kinds[i].kind;
    }
    return IC_ERR_PROTOCOL; /* neither a success nor an error: a 1xx, or a 3xx that leads nowhere */
}

/* Whether a 403 may be about the scopes of the token. Ironclad also answers FORBIDDEN when credits are used
 * up or a user has no part in a workflow, and says so; about scopes it says nothing, or "access forbidden".
 */
static bool answer_error_about_scopes(const ic_error *error, const char *text) {
    static const char *const words[] = {"scope", "permission", "access forbidden"};
    if (error->kind != IC_ERR_PERMISSION || error->param) return false;
    if (!text || !*text)
        return error->code && (strcmp(error->code, "FORBIDDEN") == 0 || strstr(error->code, "scope"));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(text, words[i])) return true;
    return false;
}

static void answer_error_advise(const ic_request *request, const ic_error *error, bool about_scopes,
                                ic_buf *message) {
    const char *scopes = request->operation->scopes;
    const char *code = error->code ? error->code : "";
    if (strcmp(code, "invalid_scope") == 0)
        ic_buf_puts(message, "; if the app or the company lacks one scope, none is granted (remove it from "
                             "`scopes`; default_scope = false leaves out the added scim.users.readUsers)");
    else if (strcmp(code, "unauthorized_client") == 0 || strcmp(code, "invalid_client") == 0)
        ic_buf_puts(message,
                    "; check client_id, client_secret and instance (an app of one Ironclad environment "
                    "does not work on another)");
    else if (about_scopes && *scopes) {
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
    ic_buf message = {0};
    cJSON *tree = body->length ? ic_json_parse(body->data, body->length, &unreadable) : NULL;
    ic_error_clear(&unreadable);
    const char *who = request->absolute ? "the server" : ic_product_name(request->product);
    ic_error_set(error, IC_ERR_SERVER, "%s answered %ld", who, response->status);
    error->status = response->status;
    const char *text = answer_error_read(tree, error);
    error->kind = answer_error_kind(response->status, error->code);
    ic_buf_printf(&message, "%s answered %ld%s%s", who, response->status, error->code ? " " : "",
                  error->code ? error->code : "");
    answer_error_say(&message, text);
    if (!text && (!error->code || answer_error_has_more(tree))) answer_error_quote(response, body, &message);
    if (error->param) ic_buf_printf(&message, " (param %s)", error->param);
    if (ic_response_header(response, "Retry-After", header, sizeof header))
        error->retry_after = ic_retry_after(header, ic_response_date(response, now));
    ic_error_take(&error->request_id, ic_response_request_id(response, header, sizeof header));
    answer_error_advise(request, error, answer_error_about_scopes(error, text), &message);
    cJSON_Delete(tree);
    ic_error_restate(error, ic_buf_text(&message));
    ic_buf_free(&message);
}
