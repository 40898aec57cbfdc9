/* Why an attempt has failed: the kind and the message of the call's error. The engine's thread only. */
#ifndef IC_TRANSFER_FAILURE_H
#define IC_TRANSFER_FAILURE_H

#include "core/engine/ended.h"
#include "core/engine/transfer_state.h"

/* For an attempt that libcurl, or a callback of transfer.c, has ended with `code`: sets the call's error, and
 * `ended->failure`, `handshake` and `sent`. */
void ic_transfer_explain(ic_transfer *transfer, CURLcode code, ic_ended *ended);

#endif
