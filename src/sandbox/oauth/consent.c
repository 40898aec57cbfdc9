#include "sandbox/oauth/consent.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/http/exchange.h"
#include "sandbox/oauth/tokens.h"
#include <ctype.h>
#include <string.h>

#define TEXT_MAX 2048 /* bytes of a redirect URI or a state */

/* --- the request --- */

typedef struct request {
    char *response_type, *client_id, *redirect_uri, *scope, *state; /* owned; NULL: missing */
} request;

static const struct parameter {
    const char *name;
    size_t offset;
} parameters[] = {
    {"response_type", offsetof(request, response_type)},
    {"client_id", offsetof(request, client_id)},
    {"redirect_uri", offsetof(request, redirect_uri)},
    {"scope", offsetof(request, scope)},
    {"state", offsetof(request, state)},
};
#define PARAMETER_COUNT (sizeof parameters / sizeof parameters[0])

static char **consent_parameter(request *asked, const struct parameter *parameter) {
    return (char **)((char *)asked + parameter->offset);
}

static void consent_free_request(request *asked) {
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        ic_free(*consent_parameter(asked, &parameters[i]));
}

static bool consent_refuse(ic_refusal *refusal, unsigned status, const char *error, const char *description) {
    *refusal = (ic_refusal){status, error, description};
    return false;
}

static bool consent_refuse_parameters(ic_refusal *refusal, const char *description) {
    return consent_refuse(refusal, 400, "invalid_request", description);
}

/* Reads one "name=value". Ignores unknown names; an empty value counts as missing. */
static bool consent_read_parameter(const char *text, size_t length, request *asked, ic_refusal *refusal) {
    const char *equals = memchr(text, '=', length);
    size_t name = equals ? (size_t)(equals - text) : length;
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        if (strlen(parameters[i].name) != name || strncmp(parameters[i].name, text, name) != 0) continue;
        if (name + 1 >= length) return true;
        char **place = consent_parameter(asked, &parameters[i]);
        if (*place)
            return consent_refuse_parameters(refusal, "Invalid or missing parameters: one is given twice");
        *place = ic_strndup(equals + 1, length - name - 1);
        if (!*place) return consent_refuse(refusal, 500, NULL, NULL);
        if (!ic_form_decode(*place))
            return consent_refuse_parameters(refusal, "Invalid or missing parameters: one cannot be read");
    }
    return true;
}

static bool consent_read_request(const char *query, request *asked, ic_refusal *refusal) {
    while (query && *query) {
        size_t length = strcspn(query, "&");
        if (!consent_read_parameter(query, length, asked, refusal)) return false;
        query += length + (query[length] == '&');
    }
    return true;
}

/* http on this machine, with any port and path, for development. */
static bool consent_is_own_machine(const char *uri) {
    static const char *const hosts[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (!ic_text_starts(uri, hosts[i])) continue;
        const char *rest = uri + strlen(hosts[i]);
        if (*rest == ':') rest += 1 + strspn(rest + 1, "0123456789");
        if (!*rest || *rest == '/' || *rest == '?') return true;
    }
    return false;
}

static bool consent_is_registered(const ic_company *company, const char *uri) {
    if (strlen(uri) > TEXT_MAX || strchr(uri, '#') || !ic_header_safe(uri)) return false;
    if (consent_is_own_machine(uri)) return true;
    for (const char *at = company->redirect_uris; at && *at;) {
        size_t length = strcspn(at, " ");
        if (strncmp(at, uri, length) == 0 && !uri[length]) return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

/* The app of a valid request. NULL: see the refusal. */
static const ic_app *consent_check_request(const ic_company *company, const request *asked,
                                           ic_refusal *refusal) {
    const ic_app *app = asked->client_id ? ic_company_app(company, asked->client_id) : NULL;
    if (!asked->response_type)
        consent_refuse_parameters(refusal, "Invalid or missing parameters: missing response_type");
    else if (strcmp(asked->response_type, "code") != 0)
        consent_refuse_parameters(
            refusal, "Invalid or missing parameters: Invalid value for response_type, expected 'code'");
    else if (!asked->client_id)
        consent_refuse_parameters(refusal, "Invalid or missing parameters: missing client_id");
    else if (!app && !ic_is_uuid(asked->client_id))
        consent_refuse_parameters(
            refusal, "Invalid or missing parameters: Invalid value for client_id, expected type UUID");
    else if (!app)
        consent_refuse(refusal, 403, "unauthorized_client", "client not authorized");
    else if (!(app->grants & IC_BY_AUTHORIZATION_CODE))
        consent_refuse(refusal, 403, "unauthorized_client",
                       "client not authorized to use this oauth grant type");
    else if (!asked->redirect_uri)
        consent_refuse_parameters(refusal, "missing redirect uri");
    else if (!consent_is_registered(company, asked->redirect_uri))
        consent_refuse_parameters(refusal, "the redirect uri is not registered with this client");
    else if (asked->state && strlen(asked->state) > TEXT_MAX)
        consent_refuse_parameters(refusal, "Invalid or missing parameters: Invalid value for state");
    else
        return app;
    return NULL;
}

/* --- consents --- */

/* Drops the older half of the consents. */
static void consent_forget_oldest(ic_company *company) {
    IC_ARRAY_FREE_FIRST(&company->consents, company->consents.count / 2, ic_consent *, ic_consent_free);
}

static void consent_drop(ic_company *company, ic_consent *consent) {
    ic_array_drop(&company->consents, consent);
    ic_consent_free(consent);
}

/* Moves texts from the request to the consent. NULL: no memory. */
static ic_consent *consent_new(ic_company *company, const ic_app *app, request *asked) {
    if (company->consents.count >= IC_CONSENTS_MAX) consent_forget_oldest(company);
    ic_consent *consent = ic_calloc(1, sizeof *consent);
    if (!consent || !ic_array_push(&company->consents, consent)) {
        ic_free(consent);
        return NULL;
    }
    consent->number = ++company->last_consent;
    consent->app = app;
    consent->redirect_uri = asked->redirect_uri;
    consent->state = asked->state;
    consent->scope = asked->scope;
    asked->redirect_uri = asked->state = asked->scope = NULL;
    ic_new_secret(company, "page", consent->nonce);
    return consent;
}

ic_consent *ic_consent_ask(ic_company *company, const char *query, ic_refusal *refusal) {
    request asked = {0};
    ic_consent *consent = NULL;
    *refusal = (ic_refusal){0};
    const ic_app *app =
        consent_read_request(query, &asked, refusal) ? consent_check_request(company, &asked, refusal) : NULL;
    if (app) {
        consent = consent_new(company, app, &asked);
        if (!consent)
            consent_refuse(refusal, 500, NULL, NULL);
        else if (!ic_scopes_parse(company, consent->scope, consent->scopes))
            consent_refuse(refusal, 302, "invalid_scope", NULL);
    }
    consent_free_request(&asked);
    return consent;
}

static void consent_add_parameter(ic_buf *location, const char *name, const char *value) {
    const char *text = ic_buf_text(location);
    ic_buf_printf(location, "%c%s=", text && strchr(text, '?') ? '&' : '?', name);
    ic_percent_encode(location, value, strlen(value));
}

bool ic_consent_answer(ic_company *company, ic_consent *consent, ic_user *user, const char *error,
                       ic_buf *location) {
    ic_secret code;
    ic_new_secret(company, "code", code);
    ic_buf_puts(location, consent->redirect_uri);
    consent_add_parameter(location, user ? "code" : "error", user ? code : error);
    if (consent->state) consent_add_parameter(location, "state", consent->state);
    if (location->failed) return false;
    if (!user) {
        consent_drop(company, consent);
        return true;
    }
    consent->user = user;
    consent->nonce[0] = '\0';
    memcpy(consent->code, code, sizeof code);
    consent->code_expires = ic_company_now(company) + (ic_time)(company->code_seconds * 1000);
    return true;
}

void ic_consent_revoke(ic_company *company, ic_consent *consent) {
    consent->refresh[0] = '\0';
    for (size_t i = 0; i < company->tokens.count; i++) {
        ic_token *token = company->tokens.items[i];
        if (token->consent == consent->number) token->revoked = true;
    }
}

/* --- finding --- */

/* The consent whose secret at `offset` is `secret`. */
static ic_consent *consent_find(const ic_company *company, size_t offset, const char *secret) {
    for (size_t i = 0; *secret && i < company->consents.count; i++)
        if (strcmp((const char *)company->consents.items[i] + offset, secret) == 0)
            return company->consents.items[i];
    return NULL;
}

ic_consent *ic_consent_by_nonce(const ic_company *company, const char *nonce) {
    return consent_find(company, offsetof(ic_consent, nonce), nonce);
}

ic_consent *ic_consent_by_code(const ic_company *company, const char *code) {
    return consent_find(company, offsetof(ic_consent, code), code);
}

ic_consent *ic_consent_by_refresh(const ic_company *company, const char *refresh) {
    return consent_find(company, offsetof(ic_consent, refresh), refresh);
}
