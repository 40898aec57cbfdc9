/* The first commands on a connection to Redis: the login, the database, and questions about the server.
 * Pure. */
#ifndef IC_SHARED_GREETING_H
#define IC_SHARED_GREETING_H

#include "core/shared/address.h"
#include "core/shared/reply.h"

#define IC_GREETING_WORDS 3
#define IC_GREETING_SPACE 16

/* The words of a step (0, 1, …), which are valid as long as the address and `space`. Returns their number; 0:
 * there are no more steps. */
size_t ic_greeting_step(const ic_shared_address *address, int step, const char *words[IC_GREETING_WORDS],
                        char space[IC_GREETING_SPACE]);
/* Whether the reply to a step is good. False: `why` says what is wrong with the server, or with the login. */
bool ic_greeting_check(const ic_reply *reply, char *why, size_t size);

#endif
