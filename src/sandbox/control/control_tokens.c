/* Controls for tokens, and for the person who consents in a browser. */
#include "sandbox/control/control.h"
#include "sandbox/oauth/consent.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- tokens --- */

static void control_expire_tokens(ic_control *control) {
    for (size_t i = 0; i < control->company->tokens.count; i++)
        ((ic_token *)control->company->tokens.items[i])->expires = IC_TIME_NONE;
}

static void control_revoke_tokens(ic_control *control) {
    for (size_t i = 0; i < control->company->tokens.count; i++)
        ((ic_token *)control->company->tokens.items[i])->revoked = true;
}

static void control_revoke_refresh_tokens(ic_control *control) {
    for (size_t i = 0; i < control->company->consents.count; i++)
        ((ic_consent *)control->company->consents.items[i])->refresh[0] = '\0';
}

/* --- a person's consent --- */

/* The query of an authorize URL of this sandbox; NULL: another URL. */
static const char *control_authorize_query(const ic_company *company, const char *url) {
    size_t length = strlen(company->url);
    const char *query = url + strcspn(url, "?");
    if (strncmp(url, company->url, length) != 0 ||
        (size_t)(query - url) != length + strlen(IC_AUTHORIZE_PATH) ||
        strncmp(url + length, IC_AUTHORIZE_PATH, strlen(IC_AUTHORIZE_PATH)) != 0)
        return NULL;
    return *query ? query + 1 : query;
}

static void control_answer_consent(ic_control *control, ic_consent *asked, ic_user *user, const char *error) {
    ic_buf location = {0};
    control->answer = cJSON_CreateObject();
    if (ic_consent_answer(control->company, asked, user, error, &location))
        ic_put_text(control->answer, "location", ic_buf_text(&location));
    else
        ic_control_refuse(control, 500, "no memory");
    ic_buf_free(&location);
}

__attribute__((format(printf, 2, 3))) static void control_refuse_consent(ic_control *control,
                                                                         const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    control->answer = cJSON_CreateObject();
    ic_put_text(control->answer, "refused", text);
}

static void control_consent(ic_control *control) {
    ic_company *company = control->company;
    const char *query = control_authorize_query(company, ic_control_text(control, "url"));
    const char *person = ic_control_text(control, "user");
    ic_user *user = person ? ic_company_user(company, person) : company->users.items[0];
    ic_refusal refusal = {0};
    if (!query || !user) {
        if (!query)
            control_refuse_consent(control, "this is no URL of %s" IC_AUTHORIZE_PATH, company->url);
        else
            control_refuse_consent(control, "no such user in this company: '%s'", person);
        return;
    }
    ic_consent *asked = ic_consent_ask(company, query, &refusal);
    bool granted = ic_control_true(control, "allow", true) && !refusal.error;
    if (asked)
        control_answer_consent(control, asked, granted ? user : NULL,
                               refusal.error ? refusal.error : "access_denied");
    else if (refusal.error)
        control_refuse_consent(control, "%s: %s", refusal.error, refusal.description);
    else
        ic_control_refuse(control, 500, "no memory");
}

/* --- the table --- */

// clang-format off
const ic_action ic_token_actions[] = {
    {"expire_tokens", control_expire_tokens, {IC_ACTION_NO_FIELDS},
     "Ends the lifetime of all access tokens: they are answered with 401 \"token has expired\".", false},
    {"revoke_tokens", control_revoke_tokens, {IC_ACTION_NO_FIELDS},
     "Revokes all access tokens: they are answered with 401 \"token has been revoked\".", false},
    {"revoke_refresh_tokens", control_revoke_refresh_tokens, {IC_ACTION_NO_FIELDS},
     "Revokes all refresh tokens: they are answered with 403 \"refresh token is invalid\".", false},
    {"consent", control_consent,
     {IC_ACTION_REQUIRED("url", STRING), IC_ACTION_OPTIONAL("user", STRING), IC_ACTION_OPTIONAL("allow", BOOLEAN)},
     "Acts as a person who opens an authorize URL of this sandbox in a browser and decides: as that user (e-mail or "
     "id; default: the first one), and with `allow` (default: true). Answers `location`, where the browser is "
     "redirected to, with code and state or with error and state; or `refused` with the text of the page that refuses "
     "the request.", false},
    IC_ACTION_END,
};
// clang-format on
