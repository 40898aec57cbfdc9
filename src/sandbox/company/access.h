/* Who may call: apps, people's consents to them, and access tokens. */
#ifndef IC_SANDBOX_ACCESS_H
#define IC_SANDBOX_ACCESS_H

#include "sandbox/company/people.h"

/* Bits of ic_app.grants. */
enum { IC_BY_CLIENT_CREDENTIALS = 1, IC_BY_AUTHORIZATION_CODE = 2 };

typedef struct ic_app {
    char *name, *id, *secret;
    unsigned grants;
} ic_app;

/* A person's consent to an app, from the page that asks for it to the refresh token that remains. */
typedef struct ic_consent {
    unsigned number; /* from 1 */
    const ic_app *app;
    char *redirect_uri;
    char *state, *scope; /* as requested; NULL: not given */
    uint64_t scopes[2];  /* bits: indexes into ic_company.scopes */
    ic_user *user;       /* NULL: not answered yet */
    ic_secret nonce;     /* of the page; valid for one answer */
    ic_secret code;
    ic_time code_expires;
    bool code_used;
    ic_secret refresh; /* the only valid refresh token */
} ic_consent;

typedef struct ic_token {
    ic_secret text;
    ic_time expires;
    bool revoked;
    uint64_t scopes[2];
    ic_user *user;    /* who it acts as; NULL: it belongs to the company */
    unsigned consent; /* the number of the consent that it came from; 0: none */
} ic_token;

#define IC_SCOPES_MAX   128
#define IC_TOKENS_MAX   10000 /* beyond it the oldest are removed */
#define IC_CONSENTS_MAX 10000 /* likewise */

/* By its client id. NULL: not found. */
ic_app *ic_company_app(const ic_company *company, const char *id);
void ic_consent_free(ic_consent *consent);
/* Frees all apps, scopes, consents and tokens of the company. */
void ic_access_free(ic_company *company);

#endif
