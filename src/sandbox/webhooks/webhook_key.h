/* The RSA key that signs deliveries to webhooks. */
#ifndef IC_SANDBOX_WEBHOOK_KEY_H
#define IC_SANDBOX_WEBHOOK_KEY_H

#include "sandbox/company/company.h"

/* The company's key for webhook signatures, RSA with 2048 bits, made when first needed. Owned by the company.
 * NULL: no memory. */
EVP_PKEY *ic_company_webhook_key(ic_company *company);
/* Replaces it: what is signed from now on needs the new one. */
void ic_company_rotate_webhook_key(ic_company *company);

#endif
