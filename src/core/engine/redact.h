/* Cutting secrets out of text that is shown. */
#ifndef IC_REDACT_H
#define IC_REDACT_H

#include "core/engine/call.h"

/* Puts *** where `text` (NULL is allowed) holds a secret of the call or of its connection, as it is or
 * percent-encoded. Short ones, which any text might hold by chance, stay. */
void ic_redact(const ic_call *call, char *text);

#endif
