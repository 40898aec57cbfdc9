/* The secrets of a call. */
#ifndef IC_SECRETS_H
#define IC_SECRETS_H

#include "core/engine/call.h"

/* Puts *** in `text` (NULL is allowed) where it holds a secret of the call or of its connection (redact.h).
 * The engine's thread only. */
void ic_secrets_redact(const ic_call *call, char *text);

#endif
