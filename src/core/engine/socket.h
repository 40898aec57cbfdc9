/* The engine's unix socket, for hosts that can wait for nothing but a socket of their own (nginx). Whoever
 * waits for a call sends its id and a newline, and gets one byte when there is news of the call or a question
 * in its mailbox, or when it is not in flight; the connection then serves the next one. A connection that
 * ends before that gives its call up. The engine's thread only. */
#ifndef IC_SOCKET_H
#define IC_SOCKET_H

#include "core/engine/engine.h"

/* Answers what has news, and says what else is to be polled: `count` descriptors, valid until the next call
 * of a function here. `wait` (milliseconds) is shortened when it must be. */
struct curl_waitfd *ic_socket_watch(ic_engine *engine, unsigned *count, int *wait);
/* Reads what the last poll found. */
void ic_socket_serve(ic_engine *engine);
/* Closes everything and removes the file. */
void ic_socket_close(ic_engine *engine);

#endif
