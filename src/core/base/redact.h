/* Removes secrets from text that is shown. */
#ifndef IC_REDACT_H
#define IC_REDACT_H

#include <stddef.h>

/* Replaces each of the secrets (NULL-terminated strings; NULL: none) in `text` by "***" and returns the
 * new length, which is not greater. A secret is found as it is, percent-encoded, form-encoded and escaped
 * as in JSON. It is also found in the base64 (both alphabets) of a text that holds it as it is,
 * form-encoded or escaped. Base64 is removed as a whole. Secrets of fewer than 6 bytes are not looked for,
 * because any text may hold those by chance. Without memory the whole text is replaced. */
size_t ic_redact(char *text, size_t length, const char *const *secrets, size_t count);

#endif
