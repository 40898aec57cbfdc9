/* Removes secrets from text that is shown. */
#ifndef IC_REDACT_H
#define IC_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces each of the secrets (NULL-terminated strings; NULL: none) in `text` by "***" and returns the new
 * length, which is not greater. A secret is found as it is, percent-encoded, form-encoded and escaped as in
 * JSON. It is also found in the base64 (both alphabets) of a text that holds it as it is, form-encoded or
 * escaped. Base64 is removed as a whole. Secrets of fewer than 6 bytes are not looked for, because any text
 * may hold those by chance. When out of memory, the whole text is replaced. */
size_t ic_redact(char *text, size_t length, const char *const *secrets, size_t count);

/* The same in steps, for many texts. */
typedef struct ic_redactor ic_redactor;
/* Copies the secrets. NULL when out of memory. */
ic_redactor *ic_redactor_new(const char *const *secrets, size_t count);
void ic_redactor_free(ic_redactor *redactor); /* wipes the copies; NULL is allowed */
/* Whether it was made from exactly these secrets. */
bool ic_redactor_is_of(const ic_redactor *redactor, const char *const *secrets, size_t count);
size_t ic_redactor_apply(const ic_redactor *redactor, char *text, size_t length); /* NULL: out of memory */

#endif
