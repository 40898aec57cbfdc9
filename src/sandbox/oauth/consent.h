/* The authorization code grant without HTTP: the authorization request, the user's answer, the code and the
 * refresh token. Source: Ironclad's OAuth 2.0 document; RFC 6749, 3.1 and 4.1. */
#ifndef IC_SANDBOX_CONSENT_H
#define IC_SANDBOX_CONSENT_H

#include "core/base/buf.h"
#include "sandbox/company/access.h"

/* Why a request is refused. The texts are static. */
typedef struct ic_refusal {
    unsigned status; /* of the answer */
    const char *error, *description;
} ic_refusal;

/* The page's form is also sent there. */
#define IC_AUTHORIZE_PATH "/oauth/authorize"

/* Reads the query of an authorization request (percent-encoded; NULL: none). Returns a consent that waits for
 * the user's answer. NULL: the refusal is shown to the user and not sent to the app. A consent with a refusal
 * (status 302): send the refusal's error to the app with ic_consent_answer. */
ic_consent *ic_consent_ask(ic_company *company, const char *query, ic_refusal *refusal);
/* Records the user's answer, once. With a user, the consent gets a code; without one it is freed. Appends to
 * `location` the URL to redirect the browser to, with the code or the error. false: no memory, and nothing
 * has changed. */
bool ic_consent_answer(ic_company *company, ic_consent *consent, ic_user *user, const char *error,
                       ic_buf *location);

/* NULL: not found. */
ic_consent *ic_consent_by_nonce(const ic_company *company, const char *nonce);
ic_consent *ic_consent_by_code(const ic_company *company, const char *code);
ic_consent *ic_consent_by_refresh(const ic_company *company, const char *refresh);

/* Revokes its refresh token and its access tokens. */
void ic_consent_revoke(ic_company *company, ic_consent *consent);
void ic_consent_free(ic_consent *consent);

#endif
