/* Encryption of what is kept in the shared Redis: AES-256 in Galois/Counter Mode (NIST SP 800-38D), with a
 * random nonce for each text. A sealed text begins with a mark, so that text that is not sealed is
 * recognised. */
#ifndef IC_SHARED_SEAL_H
#define IC_SHARED_SEAL_H

#include "core/base/buf.h"
#include "core/base/error.h"

#define IC_SEAL_KEY 32 /* bytes */

/* Reads a key: 64 hexadecimal digits, or 44 characters of base64. False: it is neither. */
bool ic_seal_read_key(const char *text, unsigned char key[IC_SEAL_KEY]);
/* Appends the sealed text. `about` (a text) must be the same when it is opened: what is sealed for one
 * purpose cannot be used for another. False with MEMORY, or IO when the system has no random bytes. */
bool ic_seal(const unsigned char key[IC_SEAL_KEY], const char *about, const char *text, size_t length,
             ic_buf *sealed, ic_error *error);
bool ic_seal_is_sealed(const char *text, size_t length);
/* Appends the text. False with STORE when it was sealed with another key or for another purpose, or is
 * damaged; or MEMORY. */
bool ic_seal_open(const unsigned char key[IC_SEAL_KEY], const char *about, const char *sealed, size_t length,
                  ic_buf *text, ic_error *error);

#endif
