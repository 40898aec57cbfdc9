/* The id of an attempt: what is sent as X-Request-Id, so that a request can be found in the logs of both
 * sides, also when no answer comes. */
#ifndef IC_ATTEMPT_ID_H
#define IC_ATTEMPT_ID_H

#include "core/http/request.h"

#define IC_ATTEMPT_ID_HEADER "X-Request-Id"
#define IC_ATTEMPT_ID_LENGTH 36 /* of an id that is made here */

/* The id of a new attempt, owned by the caller: the X-Request-Id that the request's headers give, otherwise a
 * UUID. NULL: none is sent, because the attempt goes to another host than the connection's (`foreign`), or
 * because memory has run out. The engine's thread only. */
char *ic_attempt_id_new(const ic_request *request, bool foreign);

#endif
