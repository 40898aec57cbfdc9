#include "core/auth/grant.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* The longest lifetime of a token, in seconds. A longer one is cut to it. It is also the default when the
 * answer gives none: such a token is in effect used until it is refused. */
#define LONGEST (30.0 * 86400)

/* ---- requests ---- */

static bool grant_put(cJSON *body, const char *name, const char *value) {
    return !value || cJSON_AddStringToObject(body, name, value);
}

static cJSON *grant_body(const ic_connection *connection, ic_grant grant, const char *secret,
                         const char *redirect_uri) {
    static const char *const names[] = {[IC_GRANT_CLIENT_CREDENTIALS] = "client_credentials",
                                        [IC_GRANT_REFRESH] = "refresh_token",
                                        [IC_GRANT_CODE] = "authorization_code"};
    const ic_settings *settings = &connection->settings;
    bool in_body = strcmp(ic_settings_choice(settings, "token_auth"), "basic") != 0;
    bool scoped = grant == IC_GRANT_CLIENT_CREDENTIALS && settings->scopes && *settings->scopes;
    cJSON *body = cJSON_CreateObject();
    bool whole = body && grant_put(body, "grant_type", names[grant]) &&
                 grant_put(body, "client_id", in_body ? settings->client_id : NULL) &&
                 grant_put(body, "client_secret", in_body ? settings->client_secret : NULL) &&
                 grant_put(body, "scope", scoped ? settings->scopes : NULL) &&
                 grant_put(body, "refresh_token", grant == IC_GRANT_REFRESH ? secret : NULL) &&
                 grant_put(body, "code", grant == IC_GRANT_CODE ? secret : NULL) &&
                 grant_put(body, "redirect_uri", redirect_uri);
    if (whole) return body;
    ic_token_free_json(body);
    return NULL;
}

/* The body as application/x-www-form-urlencoded. Freed like ic_json_print's text. NULL when out of memory. */
static char *grant_form(const cJSON *body) {
    ic_buf form = {0};
    const cJSON *field = NULL;
    cJSON_ArrayForEach(field, body) {
        ic_buf_printf(&form, "%s%s=", form.length ? "&" : "", field->string);
        ic_percent_encode(&form, field->valuestring, strlen(field->valuestring));
    }
    const char *text = ic_buf_text(&form);
    char *copy = text ? ic_strdup(text) : NULL;
    if (form.data) ic_wipe(form.data, form.length);
    ic_buf_free(&form);
    return copy;
}

/* RFC 7617: base64 of "id:secret". */
static char *grant_basic(const ic_settings *settings) {
    ic_buf pair = {0};
    ic_buf_printf(&pair, "%s:%s", settings->client_id, settings->client_secret);
    char *encoded = pair.failed ? NULL : ic_malloc(6 + 4 * ((pair.length + 2) / 3) + 1);
    if (encoded) {
        memcpy(encoded, "Basic ", 6);
        EVP_EncodeBlock((unsigned char *)encoded + 6, (const unsigned char *)pair.data, (int)pair.length);
    }
    if (pair.data) ic_wipe(pair.data, pair.length);
    ic_buf_free(&pair);
    return encoded;
}

bool ic_grant_request(const ic_connection *connection, ic_grant grant, const char *secret,
                      const char *redirect_uri, ic_request *request, ic_error *error) {
    const ic_settings *settings = &connection->settings;
    bool by_header = strcmp(ic_settings_choice(settings, "token_auth"), "basic") == 0,
         form = strcmp(ic_settings_choice(settings, "token_auth"), "form") == 0;
    cJSON *body = grant_body(connection, grant, secret, redirect_uri);
    request->operation = ic_operation_by_id("oauth-token");
    request->method = IC_POST;
    request->answer = IC_ANSWER_JSON;
    request->bucket = IC_BUCKET_NONE;
    request->repeatable = grant == IC_GRANT_CLIENT_CREDENTIALS;
    request->anonymous = true;
    request->secret = true;
    request->target = ic_strdup(request->operation->path);
    request->body = !body ? NULL : form ? grant_form(body) : ic_json_print(body);
    request->content_type = form ? "application/x-www-form-urlencoded" : NULL;
    request->sensitive = ic_strdup(secret);
    if (by_header) request->authorization = grant_basic(settings);
    ic_token_free_json(body);
    if (request->target && request->body && (request->authorization || !by_header) &&
        (request->sensitive || !secret))
        return true;
    ic_error_memory(error);
    return false;
}

/* ---- answers ---- */

/* Reads expires_in, a positive number or a string of one, and limits it to LONGEST. LONGEST when it is
 * absent. False: it is something else. */
static bool grant_read_lifetime(const cJSON *tree, double *seconds) {
    const cJSON *field = ic_json_member(tree, "expires_in");
    char *end = NULL;
    *seconds = LONGEST;
    if (!field || cJSON_IsNull(field)) return true;
    if (cJSON_IsNumber(field))
        *seconds = field->valuedouble;
    else if (cJSON_IsString(field))
        *seconds = strtod(field->valuestring, &end);
    else
        return false;
    if ((end && (end == field->valuestring || *end)) || !(*seconds > 0)) return false;
    *seconds = fmin(*seconds, LONGEST);
    return true;
}

/* A text of the answer that may be put into a header; NULL: none. */
static const char *grant_text(const cJSON *tree, const char *name) {
    const char *text = ic_json_string(tree, name);
    return text && *text && ic_header_safe(text) ? text : NULL;
}

/* The access token; NULL: none that a request can carry. It is ASCII (RFC 6749, A.12). */
static const char *grant_access_token(const cJSON *tree) {
    const char *text = grant_text(tree, "access_token");
    if (!text || ic_text_is_blank(text)) return NULL;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at > '~') return NULL;
    return text;
}

/* The code of an error that came with a good status; NULL: none. */
static const char *grant_error(const cJSON *tree) {
    const char *code = ic_json_string(tree, "error");
    bool is_code = code && *code && strspn(code, "abcdefghijklmnopqrstuvwxyz_") == strlen(code);
    return is_code ? code : NULL;
}

/* A token of another type is used in another way (RFC 6749, 7.1). */
static bool grant_is_bearer(const cJSON *tree) {
    const char *type = ic_json_string(tree, "token_type");
    return !type || ic_text_same(type, "bearer");
}

static bool grant_copy(char **slot, const char *text, ic_error *error) {
    *slot = ic_strdup(text);
    if (text && !*slot) ic_error_memory(error);
    return !text || *slot;
}

bool ic_grant_read(const cJSON *tree, ic_token *token, double *seconds, ic_error *error) {
    const char *access = grant_access_token(tree), *code = grant_error(tree);
    if (!grant_copy(&token->refresh_token, grant_text(tree, "refresh_token"), error)) return false;
    if (!access) {
        ic_error_set(error, IC_ERR_PROTOCOL, "the token endpoint answered without an access_token%s%s",
                     code ? ": " : "", code ? code : "");
        return false;
    }
    if (!grant_is_bearer(tree)) {
        ic_error_set(error, IC_ERR_PROTOCOL,
                     "the token endpoint answered with a token that is not of type Bearer");
        return false;
    }
    if (!grant_read_lifetime(tree, seconds)) {
        ic_error_set(error, IC_ERR_PROTOCOL,
                     "the token endpoint answered with an expires_in that is not a positive number");
        return false;
    }
    return grant_copy(&token->scope, grant_text(tree, "scope"), error) &&
           grant_copy(&token->access_token, access, error);
}
