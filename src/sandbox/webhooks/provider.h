/* Requests to the company's own signature provider (BYOSP): the five calls of Ironclad's page "Middleware
 * Endpoints" (2026-08-26), each signed as its page "Request Signing" says. That page is known in part only:
 * the header is a JSON object with sorted keys, signed with the key of webhooks. Which members it has, and
 * which text is signed, is a guess: all members but the signature, printed like the header itself. */
#ifndef IC_SANDBOX_PROVIDER_H
#define IC_SANDBOX_PROVIDER_H

#include "sandbox/webhooks/delivery.h"

#define IC_PROVIDER_OPERATIONS "initiate status cancel remind document"
/* Signed with another key; the body, or the path in the header, is changed after signing; without the header.
 */
#define IC_PROVIDER_FORGERIES "key body path unsigned"

typedef struct ic_provider_request {
    const char *url;       /* the provider's */
    const char *operation; /* of IC_PROVIDER_OPERATIONS */
    const char *id;        /* of the signature request */
    const char *role;      /* whom to remind */
    const char *forgery;   /* of IC_PROVIDER_FORGERIES; NULL: none */
} ic_provider_request;

/* Sends the request, once. Returns its delivery, owned by the outbox. NULL: no memory or no space. */
const ic_delivery *ic_provider_send(ic_company *company, const ic_provider_request *request);

#endif
