/* One attempt of a call, on one libcurl easy handle. The engine's thread only. */
#ifndef IC_TRANSFER_H
#define IC_TRANSFER_H

#include "core/engine/client.h"
#include "core/engine/ended.h"

/* Begins an attempt with that bearer (NULL: none). False with IO or MEMORY in the call's error. */
bool ic_transfer_begin(ic_engine *engine, ic_call *call, const char *bearer, double now);
/* Ends the attempt with libcurl's result: fills the call's response and, on failure, its error. A file that
 * was being written is completed or removed. */
ic_ended ic_transfer_end(ic_engine *engine, ic_call *call, CURLcode code);
/* The body of the answer, borrowed: valid until ic_transfer_free. */
ic_buf *ic_transfer_body(ic_call *call);
void ic_transfer_free(ic_engine *engine, ic_call *call);
/* After a read has ended well, its handle is kept with its options for the next one with the same connection,
 * bearer and actor. Frees those of a client; NULL: all. */
void ic_transfers_forget(ic_engine *engine, ic_client *client);
/* Whether the first byte of the request may have been sent. */
bool ic_transfer_sent(const ic_call *call);
/* Continues after the sink has taken its bytes. False: the bytes that libcurl held back could not be written,
 * and the attempt must be ended. */
bool ic_transfer_resume(ic_call *call);
/* Lets the attempt last until then at least. */
void ic_transfer_allow(ic_call *call, double until);
/* The call of a handle that ic_transfer_begin has added. Borrowed. */
ic_call *ic_transfer_call(CURL *easy);

#endif
