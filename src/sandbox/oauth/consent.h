/* The authorization code grant without HTTP: a request for authorization, the person's answer, the code, and
 * the refresh token. Source: Ironclad's OAuth 2.0 document; RFC 6749, 3.1 and 4.1. */
#ifndef IC_SANDBOX_CONSENT_H
#define IC_SANDBOX_CONSENT_H

#include "core/base/buf.h"
#include "sandbox/world/world.h"

/* Why a request cannot be granted: the texts are static. */
typedef struct ic_refusal {
    unsigned status; /* of the answer */
    const char *error, *description;
} ic_refusal;

/* Where the form of the page goes, too. */
#define IC_AUTHORIZE_PATH "/oauth/authorize"

/* Reads the query of a request for authorization (percent-encoded; NULL: none). Answers a consent that waits
 * for its person; NULL with the refusal, which is for the person and not for the app. A refusal beside a
 * consent (status 302) is for the app: ic_consent_answer with its error is all that can be done with that
 * consent. */
ic_consent *ic_consent_ask(ic_world *world, const char *query, ic_refusal *refusal);
/* The person's answer, which a consent takes once. With a user, it is theirs now and has a code; without one
 * it is gone. `location` is where their browser goes next, with the code or the error. false: no memory,
 * nothing has happened. */
bool ic_consent_answer(ic_world *world, ic_consent *consent, ic_user *user, const char *error,
                       ic_buf *location);

/* NULL: none has it. */
ic_consent *ic_consent_by_nonce(const ic_world *world, const char *nonce);
ic_consent *ic_consent_by_code(const ic_world *world, const char *code);
ic_consent *ic_consent_by_refresh(const ic_world *world, const char *refresh);

/* Ends what came of it: its refresh token, and its access tokens, which count as revoked. */
void ic_consent_revoke(ic_world *world, ic_consent *consent);
void ic_consent_free(ic_consent *consent);

#endif
