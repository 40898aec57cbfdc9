/* Webhook registrations, as the sandbox holds them. */
#ifndef IC_SANDBOX_WEBHOOKS_H
#define IC_SANDBOX_WEBHOOKS_H

#include "sandbox/company/people.h"

typedef struct ic_webhook {
    ic_object_id id;
    char *target;            /* its URL: one registration for each */
    cJSON *events;           /* names, "*" for all */
    const char *status;      /* static: "enabled", "disabled" */
    const char *grant;       /* static: of the token that registered it */
    ic_time status_changed;  /* and by whom: */
    ic_object_id changed_by; /* a user, who may be gone */
} ic_webhook;

/* An enabled one, in the company; copies what it is given. `by` registers it with client credentials. NULL:
 * no memory. */
ic_webhook *ic_webhook_new(ic_company *company, const char *target, const cJSON *events, const ic_user *by);
void ic_webhook_free(ic_webhook *webhook);
/* The company's key for webhook signatures, RSA of 2048 bits: made when first asked for. NULL: no memory. The
 * company's. */
EVP_PKEY *ic_company_webhook_key(ic_company *company);
/* Frees all webhooks, deliveries and the key of the company. */
void ic_webhooks_free(ic_company *company);

#endif
