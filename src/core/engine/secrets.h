/* The secrets of a call. The engine's thread only. */
#ifndef IC_SECRETS_H
#define IC_SECRETS_H

#include "core/engine/call.h"

/* Replaces the secrets of the call and of its connection in `text` by "***" (redact.h). NULL is allowed. */
void ic_secrets_redact(const ic_call *call, char *text);
/* The same for a buffer, which may hold any bytes. */
void ic_secrets_redact_buf(const ic_call *call, ic_buf *bytes);

#endif
