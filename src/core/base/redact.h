/* Cutting secrets out of text that is shown. */
#ifndef IC_REDACT_H
#define IC_REDACT_H

#include <stddef.h>

/* Puts *** in `text` where it holds one of the secrets (NULL: none), as it is or percent-encoded. The text
 * gets no longer. Secrets of fewer than 6 bytes, which any text might hold by chance, stay. */
void ic_redact(char *text, const char *const *secrets, size_t count);

#endif
