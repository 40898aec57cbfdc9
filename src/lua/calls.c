#include "lua/calls.h"
#include "core/auth/grant.h"
#include "core/base/process.h"
#include "core/base/text.h"
#include "core/engine/call.h"
#include "core/engine/call_events.h"
#include "core/engine/engine.h"
#include "core/engine/starter.h"
#include "core/http/request_build.h"
#include "lua/call_arguments.h"
#include "lua/connection.h"
#include "lua/items.h"
#include "lua/mailbox.h"
#include "lua/metatable.h"
#include "lua/result.h"
#include "lua/values.h"
#include <string.h>

#define TYPE "ironclad.call"

/* Seconds: a year, as for the option deadline. */
#define LONGEST_SLEEP 31536000.0

typedef struct handle {
    ic_call *call;   /* retained; NULL: none yet, or its result was read */
    ic_buf chunk;    /* the bytes that the sink is given now */
    ic_event *event; /* owned; the event that is read now */
} handle;

static int calls_gc(lua_State *L) {
    handle *mine = luaL_checkudata(L, 1, TYPE);
    if (mine->call && mine->call->purpose == IC_PURPOSE_ASK) {
        /* The question was not answered, and the engine must not wait for ever. */
        ic_call_answer(mine->call, NULL);
        ic_call_release(mine->call);
        mine->call = NULL;
    } else if (mine->call) {
        ic_call_abandon(mine->call);
        ic_call_release(mine->call);
        mine->call = NULL;
    }
    ic_buf_free(&mine->chunk);
    ic_event_free(mine->event);
    mine->event = NULL;
    return 0;
}

/* The operation whose index is the second argument; NULL: it is none. */
static const ic_operation *calls_check_operation(lua_State *L) {
    if (lua_type(L, 2) != LUA_TNUMBER) return NULL;
    lua_Number index = lua_tonumber(L, 2);
    if (!(index >= 1 && index <= (lua_Number)ic_operation_count)) luaL_argerror(L, 2, "no such operation");
    return &ic_operations[(size_t)index - 1];
}

/* The text at `index` if it is a string without NUL; otherwise NULL, with an error. */
static const char *calls_text(lua_State *L, int index, const char *name, ic_error *error) {
    size_t length;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;
    if (text && strlen(text) == length) return text;
    ic_error_set(error, IC_ERR_ARGUMENT, "%s: expected a string without NUL, got %s", name,
                 text ? "one with NUL" : luaL_typename(L, index));
    return NULL;
}

/* A request to the URL at the top of the stack: a download, or a POST of the text `forward`. */
static bool calls_build_absolute(lua_State *L, ic_call *call, const ic_arguments *arguments) {
    bool allow_http = call->connection->settings.allow_http;
    const char *url = calls_text(L, -1, "url", &call->error);
    if (!url) return false;
    lua_getfield(L, 3, "forward");
    if (lua_isnil(L, -1)) return ic_request_download(url, allow_http, &call->request, &call->error);
    const char *body = calls_text(L, -1, "forward", &call->error);
    return body &&
           ic_request_forward(url, allow_http, arguments->headers, body, &call->request, &call->error);
}

static bool calls_build(lua_State *L, ic_call *call, const ic_operation *operation, ic_arguments *arguments) {
    if (!operation) {
        lua_getfield(L, 3, "url");
        if (!lua_isnil(L, -1)) return calls_build_absolute(L, call, arguments);
    }
    ic_product product = call->connection->settings.product;
    if (operation && ic_services[operation->service].product != product) {
        bool clm = product == IC_PRODUCT_CLM;
        ic_error_set(&call->error, IC_ERR_ARGUMENT, "it is an operation of %s; call it on a client of %s",
                     clm ? "Clickwrap" : "Ironclad's CLM", clm ? "ironclad.clickwrap" : "ironclad.connect");
        return false;
    }
    if (operation) return ic_request_build(operation, arguments, &call->request, &call->error);
    ic_method method;
    size_t length;
    const char *path = luaL_checklstring(L, 4, &length);
    const char *name = luaL_checkstring(L, 2);
    if (!ic_method_parse(name, &method)) {
        ic_nearest search = {.wanted = name};
        char hint[IC_HINT_SIZE];
        for (method = IC_GET; method <= IC_DELETE; method++)
            ic_nearest_offer(&search, ic_method_name(method));
        ic_error_set(&call->error, IC_ERR_ARGUMENT,
                     "method: expected GET, POST, PUT, PATCH or DELETE, got \"%s\"%s", name,
                     ic_nearest_hint(hint, search.best));
        return false;
    }
    if (strlen(path) != length)
        return ic_error_set(&call->error, IC_ERR_ARGUMENT, "path: must not hold NUL"), false;
    return ic_request_raw(product, method, path, arguments, &call->request, &call->error);
}

static handle *calls_push_empty(lua_State *L) {
    handle *mine = lua_newuserdata(L, sizeof *mine);
    *mine = (handle){0};
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    return mine;
}

/* Pushes the handle of a new call. */
static handle *calls_push_handle(lua_State *L, ic_connection *connection) {
    handle *mine = calls_push_empty(L);
    mine->call = ic_call_new(ic_lua_mailbox(L), connection);
    if (!mine->call) luaL_error(L, "not enough memory");
    return mine;
}

ic_call *ic_lua_push_call(lua_State *L, ic_connection *connection) {
    return calls_push_handle(L, connection)->call;
}

/* start(connection, operation, arguments [, path [, waits]]) -> call, or nil and a message about an argument.
 * operation: an index of the catalog; or a method, and then `path` is the raw path. A method is ignored when
 * arguments.url is given: the URL of a file that is downloaded without a bearer, or to which the JSON text
 * arguments.forward is posted. arguments: path (list of strings), query, body, files, extra_query,
 * extra_body, headers, timeout, deadline, max_retries, as_user, to, on_progress, dry_run. waits: wait(call)
 * follows at once, before the script does anything else. A value that JSON cannot hold throws. Three phases:
 * push the handle, so that everything is freed when Lua throws; read Lua's arguments into C; build the
 * request and start it, without Lua. */
static int calls_start(lua_State *L) {
    ic_connection *connection = ic_lua_check_connection(L, 1);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 5);
    luaL_checkstack(L, 40, NULL);
    const ic_operation *operation = calls_check_operation(L);
    handle *mine = calls_push_handle(L, connection);
    mine->call->awaited = lua_toboolean(L, 5);

    ic_arguments arguments = {0};
    bool dry = false;
    if (!operation || !ic_lua_read_path_only(L, 3, &arguments)) {
        ic_lua_read_arguments(L, 3, operation, &arguments);
        ic_lua_read_call_options(L, 3, &mine->call->options);
        lua_getfield(L, 3, "dry_run");
        dry = lua_toboolean(L, -1);
    }

    if (!calls_build(L, mine->call, operation, &arguments)) {
        lua_pushnil(L);
        lua_pushstring(L, ic_error_message(&mine->call->error));
        return 2;
    }
    if (!dry && !ic_call_start(mine->call, &mine->call->error)) atomic_store(&mine->call->done, true);
    lua_pushvalue(L, 6);
    return 1;
}

/* The seconds at `index`, for "pause". A negative number counts as 0; more than LONGEST_SLEEP throws. */
static double calls_check_seconds(lua_State *L, int index) {
    double seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds <= LONGEST_SLEEP, index, "expected a number of seconds");
    return seconds > 0 ? seconds : 0;
}

/* internal(connection, what, …) -> call, for a purpose of this module's own. Four are about the connection's
 * token: "prepare" checks that a token can be saved; "exchange", code, redirect_uri gets one for a code;
 * "forget" deletes it; "inspect" returns {expires_in, scope}. "pause", seconds sends nothing and ends with
 * true after that time. */
static int calls_internal(lua_State *L) {
    static const char *const names[] = {"prepare", "exchange", "forget", "inspect", "pause", NULL};
    static const ic_purpose purposes[] = {IC_PURPOSE_PREPARE, IC_PURPOSE_EXCHANGE, IC_PURPOSE_FORGET,
                                          IC_PURPOSE_INSPECT, IC_PURPOSE_SLEEP};
    ic_connection *connection = ic_lua_check_connection(L, 1);
    ic_purpose purpose = purposes[luaL_checkoption(L, 2, NULL, names)];
    const char *code = purpose == IC_PURPOSE_EXCHANGE ? luaL_checkstring(L, 3) : NULL;
    double seconds = purpose == IC_PURPOSE_SLEEP ? calls_check_seconds(L, 3) : 0;
    const char *redirect_uri = luaL_optstring(L, 4, NULL);
    lua_settop(L, 4);
    handle *mine = calls_push_handle(L, connection);
    ic_call *call = mine->call;
    call->purpose = purpose;
    call->request.anonymous = true;
    call->request.operation = ic_operation_by_id("oauth-token");
    if (purpose == IC_PURPOSE_SLEEP) {
        ic_request_pause(&call->request);
        call->options.deadline = 0;
        call->sleep_seconds = seconds;
    }
    bool ready =
        purpose != IC_PURPOSE_EXCHANGE ||
        ic_grant_request(connection, IC_GRANT_CODE, code, redirect_uri, &call->request, &call->error);
    if (!ready || !ic_call_start(call, &call->error)) atomic_store(&call->done, true);
    return 1;
}

/* descriptor() -> a file descriptor that is readable while take() has something to return. */
static int calls_descriptor(lua_State *L) {
    lua_pushinteger(L, ic_mailbox_descriptor(ic_lua_mailbox(L)));
    return 1;
}

static handle *calls_check_handle(lua_State *L) {
    handle *mine = luaL_checkudata(L, 1, TYPE);
    if (!mine->call) luaL_error(L, "this call has been read already");
    return mine;
}

/* Whether the call is the parent's, in a forked child. There it counts as done and has failed. Locks of the
 * parent's engine may be held for ever in the child, so nothing else of the call is used. */
static bool calls_is_foreign(const handle *mine) {
    return mine->call->generation != ic_process_generation();
}

/* The longest time in seconds that one wait lasts, because a signal that arrives just before it begins does
 * not interrupt it. */
#define SLICE 1.0

/* wait([call]) -> whether the call is done and take() has nothing. Returns when take() has something, when
 * the call has something pending (even if its notice was taken from the mailbox already), at a signal, so
 * that a hook that its handler has set runs, and after a second. */
static int calls_wait(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        ic_engine_wait_any(ic_lua_mailbox(L), SLICE);
        return 0;
    }
    handle *mine = calls_check_handle(L);
    bool foreign = calls_is_foreign(mine);
    if (!foreign && !ic_call_has_pending(mine->call)) ic_engine_wait(mine->call, SLICE);
    lua_pushboolean(L, foreign || ic_call_take_end(mine->call));
    return 1;
}

/* take() -> the id of a call with something pending, or nil. When it is a question instead of a call, also
 * its handle. */
static int calls_take(lua_State *L) {
    unsigned notices;
    ic_mailbox *mailbox = ic_lua_mailbox_in_use(L);
    handle *mine = NULL;
    if (!mailbox) return 0;
    ic_call *call = ic_call_take_unless_urgent(mailbox, &notices);
    if (!call && notices & IC_NOTICE_ASK) {
        /* The handle is pushed first, so that a question that was taken is answered even when Lua throws. */
        mine = calls_push_empty(L);
        call = ic_call_take(mailbox, &notices);
    }
    if (!call) return 0;
    lua_pushnumber(L, (lua_Number)call->id); /* allocates nothing */
    if (mine)
        mine->call = call;
    else
        ic_call_release(call);
    if (!mine) return 1;
    lua_pushvalue(L, -2);
    return 2;
}

static int calls_id(lua_State *L) {
    lua_pushnumber(L, (lua_Number)calls_check_handle(L)->call->id);
    return 1;
}

static int calls_done(lua_State *L) {
    handle *mine = calls_check_handle(L);
    lua_pushboolean(L, calls_is_foreign(mine) || ic_call_done(mine->call));
    return 1;
}

/* news() -> whether the call is done or something waits for its sink or its watcher. */
static int calls_news(lua_State *L) {
    handle *mine = calls_check_handle(L);
    lua_pushboolean(L, calls_is_foreign(mine) || ic_call_has_pending(mine->call));
    return 1;
}

/* deadline() -> the seconds that the call may take in all; nil: no limit. */
static int calls_deadline(lua_State *L) {
    double seconds = ic_call_deadline(calls_check_handle(L)->call);
    if (!seconds) return 0;
    lua_pushnumber(L, seconds);
    return 1;
}

/* cancel(). In a forked child it does nothing, so that a cleanup there does not fail. */
static int calls_cancel(lua_State *L) {
    handle *mine = luaL_checkudata(L, 1, TYPE);
    if (mine->call) ic_call_cancel(mine->call);
    return 0;
}

static handle *calls_check_call(lua_State *L) {
    handle *mine = calls_check_handle(L);
    if (mine->call->purpose == IC_PURPOSE_ASK) luaL_error(L, "this is a question, not a call");
    return mine;
}

/* chunk() -> the bytes that have arrived for the sink since the last time, or nil. */
static int calls_chunk(lua_State *L) {
    handle *mine = calls_check_call(L);
    mine->chunk.length = 0;
    if (calls_is_foreign(mine)) return 0;
    if (!ic_call_take_chunk(mine->call, &mine->chunk)) return 0;
    lua_pushlstring(L, mine->chunk.data, mine->chunk.length);
    return 1;
}

/* event() -> the call's next event (result.h), or nil. */
static int calls_event(lua_State *L) {
    handle *mine = calls_check_call(L);
    if (calls_is_foreign(mine)) return 0;
    ic_event_free(mine->event);
    mine->event = ic_event_take(mine->call);
    if (!mine->event) return 0;
    ic_lua_push_event(L, mine->event);
    return 1;
}

/* progress() -> the bytes moved so far and the total (nil when that is not known); nothing when it
 * has been read already. */
static int calls_progress(lua_State *L) {
    double done, total;
    handle *mine = calls_check_call(L);
    if (calls_is_foreign(mine) || !ic_progress_take(mine->call, &done, &total)) return 0;
    ic_lua_push_count(L, done);
    if (total < 0) return 1;
    ic_lua_push_count(L, total);
    return 2;
}

/* The results of result() for a call that is foreign. */
static int calls_push_forked(lua_State *L, const handle *mine) {
    static char message[] = "this call was started before the process forked";
    const ic_operation *operation = mine->call->request.operation;
    ic_error error = {.kind = IC_ERR_CANCELLED,
                      .outcome = IC_OUTCOME_UNKNOWN,
                      .operation = operation ? operation->id : NULL,
                      .message = message,
                      .retry_after = -1};
    lua_pushnil(L);
    ic_lua_push_error(L, &error);
    return 2;
}

/* result([field]) -> value, error, response of a call that is done. The handle is empty afterwards. With
 * `field` the value is a page (items.h): the name of the member that has its list, or true when the value
 * itself is the list. */
static int calls_result(lua_State *L) {
    handle *mine = calls_check_call(L);
    if (calls_is_foreign(mine)) return calls_push_forked(L, mine);
    if (!ic_call_done(mine->call)) return luaL_error(L, "this call is not done");
    bool page = lua_toboolean(L, 2) && mine->call->value.kind == IC_VALUE_TAPE;
    const char *field = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
    lua_settop(L, 2);
    if (page && mine->call->error.kind == IC_OK)
        ic_lua_push_page(L, &mine->call->value.tape, field);
    else
        ic_lua_push_value(L, mine->call);
    ic_lua_push_error(L, &mine->call->error);
    ic_lua_push_response(L, &mine->call->response);
    ic_call_release(mine->call);
    mine->call = NULL;
    return 3;
}

/* request() -> the request as a table, for dry_run. It holds no secret. */
static int calls_request(lua_State *L) {
    ic_lua_push_request(L, calls_check_call(L)->call);
    return 1;
}

/* The same for a question. */
static handle *calls_check_question(lua_State *L) {
    handle *mine = calls_check_handle(L);
    if (mine->call->purpose != IC_PURPOSE_ASK) luaL_error(L, "this is a call, not a question");
    if (calls_is_foreign(mine)) luaL_error(L, "this question was asked before the process forked");
    return mine;
}

/* question() -> what a token store is asked: {step = "lock"|"load"|"save"|"unlock", key =, store = number,
 * token =}. */
static int calls_question(lua_State *L) {
    handle *mine = calls_check_question(L);
    ic_lua_push_tree(L, mine->call->value.tree);
    return 1;
}

/* expect(seconds, message): the question must be begun within this time. Otherwise it has failed, and the
 * message says why. May be called once. */
static int calls_expect(lua_State *L) {
    handle *mine = calls_check_question(L);
    double seconds = luaL_checknumber(L, 2);
    const char *message = luaL_checkstring(L, 3);
    luaL_argcheck(L, seconds >= 0 && seconds <= LONGEST_SLEEP, 2, "expected seconds");
    luaL_argcheck(L, !mine->call->unless_begun, 1, "may be called once");
    if (!ic_call_expect(mine->call, seconds, message)) luaL_error(L, "not enough memory");
    return 0;
}

/* begin() -> whether the question may be answered: not when its time is over. */
static int calls_begin(lua_State *L) {
    lua_pushboolean(L, ic_call_begin(calls_check_question(L)->call));
    return 1;
}

/* answer(value): {}, {token =} or {error = text}. May be called once. */
static int calls_answer(lua_State *L) {
    handle *mine = calls_check_question(L);
    lua_settop(L, 2);
    ic_json_box *box = ic_lua_push_json_box(L);
    ic_lua_to_tree(L, 2, "answer", box);
    ic_call *call = mine->call;
    cJSON *answer = box->tree;
    box->tree = NULL;
    mine->call = NULL;
    ic_call_answer(call, answer);
    ic_call_release(call);
    return 0;
}

void ic_lua_open_calls(lua_State *L) {
    static const luaL_Reg methods[] = {{"id", calls_id},
                                       {"done", calls_done},
                                       {"news", calls_news},
                                       {"deadline", calls_deadline},
                                       {"cancel", calls_cancel},
                                       {"chunk", calls_chunk},
                                       {"event", calls_event},
                                       {"progress", calls_progress},
                                       {"result", calls_result},
                                       {"request", calls_request},
                                       {"question", calls_question},
                                       {"expect", calls_expect},
                                       {"begin", calls_begin},
                                       {"answer", calls_answer},
                                       {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"start", calls_start}, {"internal", calls_internal}, {"descriptor", calls_descriptor},
        {"wait", calls_wait},   {"take", calls_take},         {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", calls_gc}, {NULL, NULL}};
    ic_lua_make_type(L, TYPE, metamethods, methods);
    ic_lua_open_mailbox(L);
    ic_lua_open_items(L);
    ic_lua_setfuncs(L, functions);
}
