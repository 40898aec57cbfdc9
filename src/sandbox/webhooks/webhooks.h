/* The webhooks of a company, with all that belongs to them. */
#ifndef IC_SANDBOX_WEBHOOKS_H
#define IC_SANDBOX_WEBHOOKS_H

#include "sandbox/company/company.h"

/* Frees all webhooks, deliveries and the key of the company. */
void ic_webhooks_free(ic_company *company);

#endif
