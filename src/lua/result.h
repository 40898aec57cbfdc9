/* What came of a call, as Lua values. */
#ifndef IC_LUA_RESULT_H
#define IC_LUA_RESULT_H

#include "core/engine/call.h"
#include "core/engine/event.h"
#include <lua.h>

/* Each pushes one value and throws Lua's memory error only. */

/* nil for an error; true for an empty 2xx and for what went to a sink; the path for what went to a file. */
void ic_lua_push_value(lua_State *L, ic_call *call);
/* nil, or a plain table: kind, message, operation, outcome, retryable, attempts, and where known status,
 * code, param, request_id, retry_after. */
void ic_lua_push_error(lua_State *L, const ic_error *error);
/* status, headers (names in lower case; a repeated one joined by ", "), request_id, attempts, seconds,
 * http_version. */
void ic_lua_push_response(lua_State *L, const ic_response *response);
/* method, url, headers, body or form: what would be sent, without the bearer. */
void ic_lua_push_request(lua_State *L, const ic_call *call);
/* kind ("request", "response", "retry", "wait"), operation, method, url, attempt, and where they have a
 * meaning status, error (its kind), seconds, reason, bucket, request_id, lost. */
void ic_lua_push_event(lua_State *L, const ic_event *event);
/* A whole number, as an integer where Lua has them. */
void ic_lua_push_count(lua_State *L, double count);

#endif
