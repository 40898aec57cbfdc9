/* The result of a call, as Lua values. */
#ifndef IC_LUA_RESULT_H
#define IC_LUA_RESULT_H

#include "core/engine/call.h"
#include "core/engine/event.h"
#include <lua.h>

/* Each function pushes one value, and throws nothing but Lua's memory error. */

/* The value: nil for an error, true for an answer without a body and for a body that went to a sink, the path
 * for a body that went to a file. */
void ic_lua_push_value(lua_State *L, ic_call *call);
/* nil, or a plain table: kind, message, operation, outcome, retryable, attempts, and where known status,
 * code, param, request_id, attempt_id, retry_after. */
void ic_lua_push_error(lua_State *L, const ic_error *error);
/* status, headers (names in lower case; a repeated one joined by ", "), request_id, attempt_id, attempts,
 * seconds, http_version. */
void ic_lua_push_response(lua_State *L, const ic_response *response);
/* The request that would be sent, without the bearer: method, url, headers, body or form, as_user. */
void ic_lua_push_request(lua_State *L, const ic_call *call);
/* kind ("request", "response", "retry", "wait"), operation, method, url, attempt; and where they apply
 * status, error (its kind), seconds, reason, bucket, request_id, attempt_id, lost. */
void ic_lua_push_event(lua_State *L, const ic_event *event);

#endif
