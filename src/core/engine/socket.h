/* The engine's unix socket, for hosts that can only wait for their own sockets (nginx). A client sends a
 * call's id and a newline, and gets one byte when the call has something pending, when a question waits in
 * its mailbox, or when the call is not in flight. The connection then serves the next call. If a client
 * closes its connection before that, its call is abandoned. With a + before the newline, the call is
 * abandoned also when the connection is closed later, before another request comes on it. The engine's thread
 * only. */
#ifndef IC_SOCKET_H
#define IC_SOCKET_H

#include "core/engine/engine_state.h"

/* Writes to the clients whose call has something pending, and returns the descriptors to poll, `count` of
 * them, valid until the next call of a function here. The first is a copy of `own`, or `own` itself when
 * there is no other. `wait` (milliseconds) is shortened when it must be. */
struct curl_waitfd *ic_socket_watch(ic_engine *engine, struct curl_waitfd *own, unsigned *count, int *wait);
/* Reads what the last poll found. */
void ic_socket_serve(ic_engine *engine);
/* Closes everything and removes the file. */
void ic_socket_close(ic_engine *engine);

#endif
