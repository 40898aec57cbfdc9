/* The token endpoint and who a token is. Source: Ironclad's OAuth 2.0 document; where the service is known to
 * answer otherwise (403 for a wrong secret), as the service. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/oauth/consent.h"
#include "sandbox/oauth/handlers.h"
#include "sandbox/oauth/tokens.h"
#include <microhttpd.h>
#include <string.h>

/* --- the request --- */

/* The parameters of a token request. Owned; NULL: missing or empty. */
typedef struct request {
    char *grant_type, *scope, *client_id, *client_secret, *code, *redirect_uri, *refresh_token;
    char *basic_id, *basic_secret; /* from the Authorization header */
} request;

static const struct parameter {
    const char *name;
    size_t offset;
} parameters[] = {
    {"grant_type", offsetof(request, grant_type)},
    {"scope", offsetof(request, scope)},
    {"client_id", offsetof(request, client_id)},
    {"client_secret", offsetof(request, client_secret)},
    {"code", offsetof(request, code)},
    {"redirect_uri", offsetof(request, redirect_uri)},
    {"refresh_token", offsetof(request, refresh_token)},
};
#define PARAMETER_COUNT (sizeof parameters / sizeof parameters[0])

static char **oauth_parameter(request *given, const struct parameter *parameter) {
    return (char **)((char *)given + parameter->offset);
}

static void oauth_free_request(request *given) {
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        ic_free_secret(*oauth_parameter(given, &parameters[i]));
    ic_free_secret(given->basic_id);
    ic_free_secret(given->basic_secret);
}

/* Reads an Authorization header, Basic base64(id:secret). libmicrohttpd's texts need MHD_free. */
static void oauth_read_basic(ic_exchange *x, request *given) {
    char *secret = NULL, *id = MHD_basic_auth_get_username_password(x->connection, &secret);
    given->basic_id = ic_strdup(id);
    given->basic_secret = ic_strdup(secret);
    MHD_free(id);
    MHD_free(secret);
}

static bool oauth_read_request(ic_exchange *x, request *given) {
    if (!ic_form_read(x)) return false;
    if (!x->has_fields) {
        x->body = ic_json_parse(x->raw.data ? x->raw.data : "", x->raw.length, NULL);
        if (!cJSON_IsObject(x->body)) return false;
    }
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        const char *name = parameters[i].name,
                   *text = x->has_fields ? ic_form_text(x, name) : ic_json_string(x->body, name);
        if (text && *text) *oauth_parameter(given, &parameters[i]) = ic_strdup(text);
    }
    oauth_read_basic(x, given);
    return true;
}

/* --- the client --- */

/* RFC 6749, 2.3.1 form-encodes both parts of a Basic header; Ironclad's own example does not. Takes both. */
static bool oauth_credential_matches(const char *given, const char *wanted) {
    if (!given) return false;
    if (strcmp(given, wanted) == 0) return true;
    char *decoded = ic_strdup(given);
    bool equal = decoded && ic_form_decode(decoded) && strcmp(decoded, wanted) == 0;
    ic_free_secret(decoded);
    return equal;
}

static bool oauth_is_app(const ic_app *app, const request *given) {
    bool basic = given->basic_id != NULL;
    if (basic && given->client_id && strcmp(given->client_id, app->id) != 0) return false;
    if (basic)
        return oauth_credential_matches(given->basic_id, app->id) &&
               oauth_credential_matches(given->basic_secret, app->secret);
    return strcmp(given->client_id, app->id) == 0 && strcmp(given->client_secret, app->secret) == 0;
}

/* The app that sends the request. NULL: an error is set as the reply. */
static const ic_app *oauth_find_app(ic_exchange *x, const request *given) {
    const char *id = given->basic_id ? given->basic_id : given->client_id;
    const char *secret = given->basic_id ? given->basic_secret : given->client_secret;
    if (!given->grant_type || !id || !secret) {
        ic_reply_oauth_error(x, 400, "invalid_request",
                             !given->grant_type ? "Invalid or missing parameters: missing grant_type"
                             : id               ? "Invalid or missing parameters: missing client_secret"
                                                : "Invalid or missing parameters: missing client_id");
        return NULL;
    }
    for (size_t i = 0; i < x->company->apps.count; i++)
        if (oauth_is_app(x->company->apps.items[i], given)) return x->company->apps.items[i];
    if (!ic_is_uuid(id))
        ic_reply_oauth_error(
            x, 400, "invalid_request",
            "Invalid or missing parameters: Invalid value for client_id, expected type UUID");
    else
        ic_reply_oauth_error(x, 403, "unauthorized_client", "client not authorized");
    return NULL;
}

/* --- the grants --- */

/* Replies with an access token and, for a consent, its next refresh token. `scope`: as requested, or NULL. */
static void oauth_issue_token(ic_exchange *x, const uint64_t scopes[2], const char *scope,
                              ic_consent *consent) {
    const ic_token *token = ic_token_new(x->company, scopes, consent);
    if (!token) {
        ic_reply_no_memory(x);
        return;
    }
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "token_type", "Bearer");
    ic_put_text(answer, "access_token", token->text);
    if (consent) {
        ic_new_secret(x->company, "refresh", consent->refresh);
        ic_put_text(answer, "refresh_token", consent->refresh);
    }
    ic_put_number(answer, "expires_in", x->company->token_seconds);
    if (scope) ic_put_text(answer, "scope", scope);
    ic_reply_json(x, 200, answer);
}

static void oauth_refuse_scope(ic_exchange *x) {
    ic_reply_oauth_error(x, 400, "invalid_scope", "the client does not have all of the requested scopes");
}

static void oauth_refuse_grant(ic_exchange *x, const char *description) {
    ic_reply_oauth_error(x, 403, "invalid_grant", description);
}

static void oauth_grant_client_credentials(ic_exchange *x, const request *given, ic_consent *none) {
    uint64_t scopes[2];
    if (ic_scopes_parse(x->company, given->scope, scopes))
        oauth_issue_token(x, scopes, given->scope, none);
    else
        oauth_refuse_scope(x);
}

/* A code that is used again may be stolen: the tokens it gave are revoked (RFC 6749, 4.1.2). */
static void oauth_grant_code(ic_exchange *x, const request *given, ic_consent *consent) {
    if (!given->code) {
        ic_reply_oauth_error(x, 400, "invalid_request", "missing authorization code");
    } else if (!given->redirect_uri) {
        ic_reply_oauth_error(x, 400, "invalid_request", "missing redirect uri");
    } else if (!consent) {
        oauth_refuse_grant(x, "authorization code is invalid");
    } else if (consent->code_used) {
        ic_consent_revoke(x->company, consent);
        oauth_refuse_grant(x, "authorization code is invalid");
    } else if (consent->code_expires <= ic_company_now(x->company)) {
        oauth_refuse_grant(x, "authorization code has expired");
    } else if (strcmp(consent->redirect_uri, given->redirect_uri) != 0) {
        oauth_refuse_grant(x, "redirect uri is invalid");
    } else {
        consent->code_used = true;
        oauth_issue_token(x, consent->scopes, consent->scope, consent);
    }
}

static void oauth_grant_refresh_token(ic_exchange *x, const request *given, ic_consent *consent) {
    uint64_t scopes[2] = {0};
    bool known = !given->scope || ic_scopes_parse(x->company, given->scope, scopes);
    if (!given->refresh_token)
        ic_reply_oauth_error(x, 400, "invalid_request", "missing refresh token");
    else if (!consent)
        oauth_refuse_grant(x, "refresh token is invalid");
    else if (!known || scopes[0] & ~consent->scopes[0] || scopes[1] & ~consent->scopes[1])
        oauth_refuse_scope(x);
    else
        oauth_issue_token(x, given->scope ? scopes : consent->scopes, given->scope, consent);
}

static const struct grant {
    const char *name;
    unsigned bit;  /* of ic_app.grants */
    size_t secret; /* offset in the request of the secret that finds the consent */
    ic_consent *(*find)(const ic_company *company, const char *secret); /* NULL: no consent is needed */
    void (*answer)(ic_exchange *x, const request *given, ic_consent *consent);
} grants[] = {
    {"client_credentials", IC_BY_CLIENT_CREDENTIALS, 0, NULL, oauth_grant_client_credentials},
    {"authorization_code", IC_BY_AUTHORIZATION_CODE, offsetof(request, code), ic_consent_by_code,
     oauth_grant_code},
    {"refresh_token", IC_BY_AUTHORIZATION_CODE, offsetof(request, refresh_token), ic_consent_by_refresh,
     oauth_grant_refresh_token},
};

static void oauth_answer_grant(ic_exchange *x, const ic_app *app, const struct grant *grant,
                               const request *given) {
    const char *secret = *(char *const *)((const char *)given + grant->secret);
    ic_consent *consent = grant->find && secret ? grant->find(x->company, secret) : NULL;
    if (consent && consent->app != app)
        ic_reply_oauth_error(x, 401, "invalid_client", "invalid client");
    else if (!(app->grants & grant->bit))
        ic_reply_oauth_error(x, 403, "unauthorized_client",
                             "client not authorized to use this oauth grant type");
    else
        grant->answer(x, given, consent);
}

static void oauth_answer_request(ic_exchange *x, const request *given) {
    const ic_app *app = oauth_find_app(x, given);
    if (!app) return;
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++)
        if (strcmp(grants[i].name, given->grant_type) == 0) {
            oauth_answer_grant(x, app, &grants[i], given);
            return;
        }
    ic_reply_oauth_error(x, 400, "unsupported_grant_type", "unknown grant type");
}

void ic_oauth_token(ic_exchange *x) {
    request given = {0};
    if (oauth_read_request(x, &given))
        oauth_answer_request(x, &given);
    else
        ic_reply_oauth_error(x, 400, "invalid_request", "the request's body cannot be read");
    oauth_free_request(&given);
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
    ic_put_text(answer, "companyId", x->company->id);
    ic_put_text(answer, "companyName", x->company->name);
    ic_put(answer, "scopes", ic_scopes_print(x->company, x->token));
    ic_reply_json(x, 200, answer);
}

void ic_oauth_company_info(ic_exchange *x) {
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "companyId", x->company->id);
    ic_put_text(answer, "companyName", x->company->name);
    ic_put_text(answer, "companyDisplayName", x->company->display_name);
    ic_put(answer, "entitlements", cJSON_Duplicate(x->company->entitlements, true));
    ic_reply_json(x, 200, answer);
}
