/* Webhook registrations, as the sandbox stores them. */
#ifndef IC_SANDBOX_WEBHOOKS_H
#define IC_SANDBOX_WEBHOOKS_H

#include "sandbox/company/people.h"

typedef struct ic_webhook {
    ic_object_id id;
    char *target;            /* its URL; unique */
    cJSON *events;           /* names, "*" for all */
    const char *status;      /* static: "enabled", "disabled" */
    const char *grant;       /* static: of the token that registered it */
    ic_time status_changed;  /* by changed_by */
    ic_object_id changed_by; /* a user, who may be gone */
} ic_webhook;

/* An enabled webhook in the company, registered by `by` with client credentials. Copies its arguments. NULL:
 * no memory. */
ic_webhook *ic_webhook_new(ic_company *company, const char *target, const cJSON *events, const ic_user *by);
/* The company's key for webhook signatures, RSA with 2048 bits, made when first needed. Owned by the company.
 * NULL: no memory. */
EVP_PKEY *ic_company_webhook_key(ic_company *company);
/* Frees all webhooks, deliveries and the key of the company. */
void ic_webhooks_free(ic_company *company);

#endif
