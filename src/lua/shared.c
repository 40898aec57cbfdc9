#include "lua/shared.h"
#include "core/base/alloc.h"
#include "core/engine/question.h"
#include "core/engine/starter.h"
#include "core/http/request_build.h"
#include "core/shared/driver.h"
#include "lua/calls.h"
#include "lua/compat.h"
#include "lua/connection.h"
#include <lauxlib.h>
#include <math.h>
#include <string.h>

/* Seconds that a reply may be waited for. */
#define LONGEST_WAIT 86400.0

/* shared_driver(driver): `driver` is what ironclad.redis is. Throws when it is of another version. */
static int shared_driver(lua_State *L) {
    luaL_checktype(L, 1, LUA_TLIGHTUSERDATA);
    if (!ic_redis_driver_use(lua_touserdata(L, 1)))
        return luaL_error(
            L, "ironclad/redis.so and ironclad/core.so are of different versions; install both again");
    return 0;
}

/* Copies the list of strings and integers at `index` into the question. */
static void shared_read_words(lua_State *L, int index, ic_question *question) {
    size_t count = ic_lua_rawlen(L, index);
    for (size_t i = 1; i <= count; i++) {
        size_t length;
        lua_rawgeti(L, index, (int)i);
        if (!lua_isstring(L, -1)) luaL_error(L, "word %d: expected a string or a number", (int)i);
        const char *word = lua_tolstring(L, -1, &length);
        if (!ic_question_add(question, word, length)) luaL_error(L, "not enough memory");
        lua_pop(L, 1);
    }
}

/* Copies the script at `index` into the question, whose first words are its keys. */
static void shared_read_script(lua_State *L, int index, size_t keys, ic_question *question) {
    size_t length;
    const char *text = luaL_checklstring(L, index, &length);
    question->script = ic_malloc(length + 1);
    if (!question->script) luaL_error(L, "not enough memory");
    memcpy(question->script, text, length + 1);
    question->script_length = length;
    question->script_keys = keys;
    if (keys > question->count) luaL_error(L, "more keys than words");
}

/* The number in a field of the table at the top; `otherwise` when there is none. */
static double shared_number_field(lua_State *L, const char *name, double otherwise) {
    lua_getfield(L, -1, name);
    double number = luaL_optnumber(L, -1, otherwise);
    lua_pop(L, 1);
    return number;
}

static bool shared_has_field(lua_State *L, const char *name) {
    lua_getfield(L, -1, name);
    bool has = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return has;
}

/* The terms at the top of the stack. */
static void shared_read_terms(lua_State *L, ic_question *question) {
    ic_upkeep_terms *terms = ic_calloc(1, sizeof *terms);
    if (!terms) luaL_error(L, "not enough memory");
    question->terms = terms;
    terms->every = shared_number_field(L, "every", 1);
    terms->lasting = shared_number_field(L, "lasting", INFINITY);
    terms->patience = (int)shared_number_field(L, "patience", 1);
    terms->most = (size_t)shared_number_field(L, "most", 1e9);
    terms->most_bytes = (size_t)shared_number_field(L, "most_bytes", 1e15);
    terms->refuses = shared_has_field(L, "refuses");
    terms->insists = shared_has_field(L, "insists");
    terms->held = shared_has_field(L, "held");
    const char *word = question->bytes.data;
    for (size_t i = 0; i < question->script_keys; word += question->lengths[i++])
        if (!ic_question_add(&terms->check, word, question->lengths[i])) luaL_error(L, "not enough memory");
    lua_getfield(L, -1, "words");
    luaL_checktype(L, -1, LUA_TTABLE);
    shared_read_words(L, lua_gettop(L), &terms->check);
    lua_getfield(L, -2, "check");
    shared_read_script(L, -1, question->script_keys, &terms->check);
    lua_pop(L, 2);
}

/* ask_shared(connection, words, seconds [, script, keys [, terms]]) -> call. Sends a command, whose words are
 * given, or runs a script, whose keys and then arguments are given, and waits at most `seconds` for the
 * reply. The call's result is the reply: a string, an integer, a list, or nil; in a list false stands for
 * nil.
 *
 * With terms, what a script has told Redis is kept up there (upkeep.h) if it has returned a number above 0: a
 * table with check (a script with the same keys), words (a list: the words of the item), every, lasting
 * (seconds), patience, most, most_bytes, refuses, insists, and held: the script does not run at first, and
 * the call ends when it is cancelled, its handle is collected, or the check says that the item is over. */
static int shared_ask(lua_State *L) {
    ic_connection *connection = ic_lua_check_connection(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    double seconds = luaL_checknumber(L, 3);
    luaL_argcheck(L, seconds > 0 && seconds <= LONGEST_WAIT, 3, "expected a number of seconds");
    luaL_argcheck(L, connection->shared.name, 1, "without the option shared");
    lua_settop(L, 6);
    ic_call *call = ic_lua_push_call(L, connection);
    call->purpose = IC_PURPOSE_SHARED;
    call->options.deadline = 0;
    ic_request_shared(&call->request);
    call->question = ic_calloc(1, sizeof *call->question);
    if (!call->question) return luaL_error(L, "not enough memory");
    call->question->seconds = seconds;
    shared_read_words(L, 2, call->question);
    if (!lua_isnil(L, 4)) shared_read_script(L, 4, (size_t)luaL_checkinteger(L, 5), call->question);
    if (!lua_isnil(L, 6)) {
        luaL_argcheck(L, call->question->script, 4, "terms need a script");
        lua_pushvalue(L, 6);
        shared_read_terms(L, call->question);
        lua_pop(L, 1);
    }
    if (!ic_call_start(call, &call->error)) atomic_store(&call->done, true);
    return 1;
}

void ic_lua_open_shared(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"shared_driver", shared_driver}, {"ask_shared", shared_ask}, {NULL, NULL}};
    ic_lua_setfuncs(L, functions);
}
