/* Signatures of deliveries: RSA PKCS#1 v1.5 of event id, body and nonce (Ironclad's page "Webhook
 * verification"). */
#ifndef IC_SANDBOX_SIGNATURE_H
#define IC_SANDBOX_SIGNATURE_H

#include "sandbox/webhooks/delivery.h"

/* The static spelling of a known algorithm, such as "sha256" or "RSA-SHA512"; NULL: unknown. */
const char *ic_signature_algorithm(const char *name);
/* Makes the header X-Ironclad-Webhook-Verification, or leaves it as it is if the delivery has been signed
 * with the present key. The result is owned by the delivery; "": no header. NULL: no memory. */
const char *ic_delivery_sign(ic_company *company, ic_delivery *delivery);

/* Signs a text with the company's key (or, with `other_key`, with another): base64 of a signature with
 * SHA-256. Freed with ic_free. NULL: no memory. */
char *ic_text_sign(ic_company *company, const char *text, bool other_key);

/* How a delivery is forged: signed with another key; with one bit of the signature changed; with the body,
 * the event id or the nonce changed after signing; without a verification header. */
#define IC_FORGERY_NAMES "key signature body event_id nonce unsigned"
/* Signs the delivery, then forges it in the way of that name. false: no memory. */
bool ic_delivery_forge(ic_company *company, ic_delivery *delivery, const char *how);

#endif
