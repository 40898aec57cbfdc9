/* Webhook registrations, as the sandbox stores them. */
#ifndef IC_SANDBOX_WEBHOOK_H
#define IC_SANDBOX_WEBHOOK_H

#include "sandbox/company/people.h"

typedef struct ic_webhook {
    ic_object_id id;
    char *target;            /* its URL; unique */
    cJSON *events;           /* names, "*" for all */
    const char *status;      /* static: "enabled", "disabled", "disabledBySystem" */
    const char *grant;       /* static: of the token that registered it */
    ic_time status_changed;  /* by changed_by */
    ic_object_id changed_by; /* a user, who may be gone, or "system" */
    unsigned failures;       /* consecutive failed attempts, the first at first_failure */
    ic_time first_failure;
    size_t sending; /* how many deliveries are being sent to it */
    bool clickwrap; /* an integration of Clickwrap: another kind of header, and no signature */
    char *token;    /* sent with its events; NULL: none. Owned */
    bool by_get;    /* events are sent as a query */
    bool provider;  /* a signature provider (provider.h), which gets requests and no events */
} ic_webhook;

/* Ironclad disables a webhook after this many consecutive failures in at least this time (its page "Webhook
 * deactivation", 2026-09-26), and at once after an answer with 410 (its page "Webhooks"). */
#define IC_WEBHOOK_FAILURES     100
#define IC_WEBHOOK_FAILURE_TIME (7 * IC_DAY)
#define IC_STATUS_GONE          410

/* An enabled webhook in the company, registered by `by` with client credentials. Copies its arguments. NULL:
 * no memory. */
ic_webhook *ic_webhook_new(ic_company *company, const char *target, const cJSON *events, const ic_user *by);
/* An integration of Clickwrap, among the company's `integrations`. `token` may be NULL. Copies its arguments.
 * NULL: no memory. */
ic_webhook *ic_integration_new(ic_company *company, const char *target, const cJSON *events,
                               const char *token, bool by_get);
/* The signature provider at that URL, made when first needed, among the `integrations` too. NULL: no memory.
 */
ic_webhook *ic_provider_at(ic_company *company, const char *url);
/* Of either list. NULL: not found. */
ic_webhook *ic_webhook_find(const ic_company *company, const char *id);
bool ic_webhook_is_enabled(const ic_webhook *webhook);
/* Counts an attempt to deliver, and disables the webhook when Ironclad would: then true. `gone`: answered
 * with 410. */
bool ic_webhook_note(const ic_company *company, ic_webhook *webhook, bool success, bool gone);
/* Its new status, as a user set it: "disabled", otherwise enabled. Forgets its failures. */
void ic_webhook_set_status(const ic_company *company, ic_webhook *webhook, const char *status,
                           const ic_user *by);
/* Gives a webhook of the company another target, which it owns from now on. */
void ic_webhook_change_target(ic_company *company, ic_webhook *webhook, char *target);
/* Removes it from the company's webhooks and frees it. */
void ic_webhook_remove(ic_company *company, ic_webhook *webhook);
void ic_webhook_free(ic_webhook *webhook);

#endif
