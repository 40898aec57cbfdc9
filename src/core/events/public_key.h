/* The public key that Ironclad's events are verified with. */
#ifndef IC_EVENTS_PUBLIC_KEY_H
#define IC_EVENTS_PUBLIC_KEY_H

#include "core/base/error.h"
#include <openssl/evp.h>
#include <stddef.h>

#define IC_KEY_BITS_MIN 2048
#define IC_KEY_BITS_MAX 8192        /* larger keys make each verification slow */
#define IC_KEY_TEXT_MAX (16 * 1024) /* bytes of PEM */

/* Reads a key in PEM: one block "PUBLIC KEY" (RFC 7468, 13) and nothing else but white space around it. The
 * key must be RSA, of IC_KEY_BITS_MIN to IC_KEY_BITS_MAX bits, with an odd public exponent of 3 or more.
 * Returns the key, which the caller frees with EVP_PKEY_free; or NULL with SIGNATURE or MEMORY in `error`. */
EVP_PKEY *ic_public_key_read(const char *pem, size_t length, ic_error *error);

#endif
