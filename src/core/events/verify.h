/* Verifies the signature of an event that Ironclad has sent to a webhook: RSA PKCS#1 v1.5 over event id, body
 * and nonce. Ironclad's documents: developer.ironcladapp.com/reference/webhook-verification. And the
 * signature of a request that Ironclad has sent to a signature provider (docs/byosp-request-signing there).
 */
#ifndef IC_EVENTS_VERIFY_H
#define IC_EVENTS_VERIFY_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#define IC_EVENT_BODY_MAX   (1024 * 1024) /* bytes */
#define IC_EVENT_HEADER_MAX (8 * 1024)    /* bytes of one header's value */

typedef struct ic_bytes {
    const char *at; /* borrowed */
    size_t length;
} ic_bytes;

/* What was checked when an event was refused. */
typedef enum ic_event_step {
    IC_STEP_ID,        /* the header with the event's id */
    IC_STEP_HEADER,    /* the header with nonce, signAlgorithm, signature and encoding */
    IC_STEP_ALGORITHM, /* its signAlgorithm and encoding */
    IC_STEP_BODY,      /* the body: its size, and that it is a JSON object */
    IC_STEP_SIGNATURE  /* the signature itself */
} ic_event_step;

/* "id", "header", … Static. */
const char *ic_event_step_name(ic_event_step step);

/* Verifies an event.
 *
 * Id and nonce are printable ASCII without space, quotes, brackets, braces and backslashes, and the body
 * begins and ends as a JSON object does. So there is only one way to cut the signed text into its three
 * parts: no part of a body can be passed off as an id or nonce, or the other way round.
 *
 * The signature is compared with the body as it is, and then with JSON.stringify of the parsed body
 * (json_stringify.h), because Ironclad's documents tell receivers to do the latter. `*text` is empty when the
 * body as it is was signed, and otherwise the text that was signed: only this text can be trusted then, not
 * the body.
 *
 * False: SIGNATURE, TOO_LARGE or MEMORY in `error`, and where in `*step`. The messages say nothing about the
 * signature that was expected. */
bool ic_event_verify(EVP_PKEY *key, ic_bytes id, ic_bytes header, ic_bytes body, ic_buf *text,
                     ic_event_step *step, ic_error *error);

#define IC_SIGNED_PARTS 3

/* Verifies that the header's signature is that of the three parts, one after the other. The caller knows
 * which parts these are. The header is a JSON object with `signature`; without signAlgorithm it is sha256,
 * without encoding base64. No member may come twice. False: SIGNATURE or MEMORY in `error`, and where in
 * `*step`. */
bool ic_request_verify(EVP_PKEY *key, ic_bytes header, const ic_bytes parts[IC_SIGNED_PARTS],
                       ic_event_step *step, ic_error *error);

#endif
