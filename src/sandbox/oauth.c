/* The token endpoint and who a token is. Source: Ironclad's OAuth 2.0 document; where the service is known to
 * answer otherwise (403 for a wrong secret), as the service. */
#include "../core/alloc.h"
#include "../core/text.h"
#include "handlers.h"
#include "tokens.h"
#include <ctype.h>
#include <microhttpd.h>
#include <string.h>

/* What a client says of itself; the texts are owned. */
typedef struct credentials {
    char *grant_type, *scope, *client_id, *client_secret;
    char *basic_id, *basic_secret; /* from the Authorization header */
} credentials;

static void free_credentials(credentials *given) {
    char *const texts[] = {given->grant_type,    given->scope,    given->client_id,
                           given->client_secret, given->basic_id, given->basic_secret};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ic_free_secret(texts[i]);
}

/* A parameter of the request from its form or its JSON; NULL when it is missing, no text, or has a NUL. */
static char *parameter(const ic_exchange *x, const char *name) {
    if (!x->has_fields) return ic_strdup(ic_json_string(x->body, name));
    const ic_field_part *field = ic_exchange_field(x, name);
    if (!field || (field->data.length && memchr(field->data.data, '\0', field->data.length))) return NULL;
    return ic_strndup(field->data.length ? field->data.data : "", field->data.length);
}

/* The secret in an Authorization header: base64 of id:secret. libmicrohttpd's texts are freed as it wants. */
static void read_basic(ic_exchange *x, credentials *given) {
    char *secret = NULL, *id = MHD_basic_auth_get_username_password(x->connection, &secret);
    given->basic_id = ic_strdup(id);
    given->basic_secret = ic_strdup(secret);
    MHD_free(id);
    MHD_free(secret);
}

static bool read_credentials(ic_exchange *x, credentials *given) {
    if (ic_exchange_is_type(x, MHD_HTTP_POST_ENCODING_FORM_URLENCODED)) {
        ic_form_begin(x);
        ic_form_add(x, x->raw.data, x->raw.length);
        ic_form_end(x);
    }
    if (x->malformed) return false;
    if (!x->has_fields) {
        x->body = ic_json_parse(x->raw.data ? x->raw.data : "", x->raw.length, NULL);
        if (!cJSON_IsObject(x->body)) return false;
    }
    given->grant_type = parameter(x, "grant_type");
    given->scope = parameter(x, "scope");
    if (given->scope && !*given->scope) { /* as if it were not there */
        ic_free(given->scope);
        given->scope = NULL;
    }
    given->client_id = parameter(x, "client_id");
    given->client_secret = parameter(x, "client_secret");
    read_basic(x, given);
    return true;
}

/* RFC 6749, 2.3.1 has both parts of a Basic header form-encoded; Ironclad's own example has not. */
static bool same(const char *given, const char *wanted) {
    if (!given) return false;
    if (strcmp(given, wanted) == 0) return true;
    char *decoded = ic_strdup(given);
    for (char *c = decoded; c && *c; c++)
        if (*c == '+') *c = ' ';
    bool equal = decoded && ic_percent_decode(decoded) && strcmp(decoded, wanted) == 0;
    ic_free_secret(decoded);
    return equal;
}

static bool is_client(const ic_store *store, const credentials *given) {
    bool basic = given->basic_id != NULL;
    if (basic && given->client_id && strcmp(given->client_id, store->client_id) != 0) return false;
    if (basic)
        return same(given->basic_id, store->client_id) && same(given->basic_secret, store->client_secret);
    return strcmp(given->client_id, store->client_id) == 0 &&
           strcmp(given->client_secret, store->client_secret) == 0;
}

static bool is_uuid(const char *text) {
    const char *shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (; *shape; shape++, text++)
        if (*shape == '-' ? *text != '-' : !isxdigit((unsigned char)*text)) return false;
    return !*text;
}

/* Whether the client may have a token by this grant; answers otherwise. */
static bool check_client(ic_exchange *x, const credentials *given) {
    const char *id = given->basic_id ? given->basic_id : given->client_id;
    const char *secret = given->basic_id ? given->basic_secret : given->client_secret;
    if (!given->grant_type)
        ic_reply_oauth_error(x, 400, "invalid_request", "Invalid or missing parameters: missing grant_type");
    else if (!id || !secret)
        ic_reply_oauth_error(x, 400, "invalid_request",
                             id ? "Invalid or missing parameters: missing client_secret"
                                : "Invalid or missing parameters: missing client_id");
    else if (is_client(x->store, given))
        return true;
    else if (!is_uuid(id))
        ic_reply_oauth_error(
            x, 400, "invalid_request",
            "Invalid or missing parameters: Invalid value for client_id, expected type UUID");
    else
        ic_reply_oauth_error(x, 403, "unauthorized_client", "client not authorized");
    return false;
}

static void answer_token(ic_exchange *x, const credentials *given) {
    uint64_t scopes[2];
    if (strcmp(given->grant_type, "client_credentials") != 0) {
        ic_reply_oauth_error(x, 400, "unsupported_grant_type",
                             "the sandbox knows the grant type client_credentials only");
        return;
    }
    if (!ic_scopes_parse(x->store, given->scope, scopes)) {
        ic_reply_oauth_error(x, 400, "invalid_scope", "the client does not have all of the requested scopes");
        return;
    }
    const ic_token *token = ic_token_new(x->store, scopes);
    if (!token) {
        ic_reply_no_memory(x);
        return;
    }
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "token_type", "Bearer");
    ic_put_text(answer, "access_token", token->text);
    ic_put_number(answer, "expires_in", x->store->token_seconds);
    if (given->scope) ic_put_text(answer, "scope", given->scope);
    ic_reply_json(x, 200, answer);
}

void ic_oauth_token(ic_exchange *x) {
    credentials given = {0};
    if (!read_credentials(x, &given))
        ic_reply_oauth_error(x, 400, "invalid_request", "the request's body can not be read");
    else if (check_client(x, &given))
        answer_token(x, &given);
    free_credentials(&given);
}

void ic_oauth_userinfo(ic_exchange *x) {
    const ic_user *user = x->user;
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "sub", user->id);
    ic_put_text(answer, "id", user->id);
    ic_put_text(answer, "email", user->email);
    ic_put_text(answer, "username", user->email);
    ic_put_text(answer, "firstName", user->first_name);
    ic_put_text(answer, "lastName", user->last_name);
    ic_put_text(answer, "displayName", user->display_name);
    ic_put_text(answer, "title", user->title);
    ic_put_text(answer, "companyId", x->store->company_id);
    ic_put_text(answer, "companyName", x->store->company_name);
    ic_put(answer, "scopes", ic_scopes_print(x->store, x->token));
    ic_reply_json(x, 200, answer);
}

void ic_oauth_company_info(ic_exchange *x) {
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "companyId", x->store->company_id);
    ic_put_text(answer, "companyName", x->store->company_name);
    ic_put_text(answer, "companyDisplayName", x->store->company_display_name);
    ic_put(answer, "entitlements", cJSON_Duplicate(x->store->entitlements, true));
    ic_reply_json(x, 200, answer);
}
