/* The binding of the sandbox: the module ironclad.sandbox.core. start{...} -> server or nil, message; the
 * server's methods; hold_signals() and wait() for a program that does nothing but serve. */
#include "core/base/text.h"
#include "lua/field.h"
#include "lua/metatable.h"
#include "sandbox/control/control.h"
#include "sandbox/sandbox.h"
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER_TYPE "ironclad.sandbox.server"
#define BUFFER_TYPE "ironclad.sandbox.buffer"

/* --- C memory that Lua may have to free --- */

/* A userdata with a sandbox; NULL: freed, or never started. */
typedef struct server {
    ic_sandbox *sandbox;
} server;

static int sandbox_free_server(lua_State *L) {
    server *self = luaL_checkudata(L, 1, SERVER_TYPE);
    ic_sandbox *sandbox = self->sandbox;
    self->sandbox = NULL;
    ic_sandbox_free(sandbox);
    return 0;
}

static int sandbox_free_buffer(lua_State *L) {
    ic_buf_free(luaL_checkudata(L, 1, BUFFER_TYPE));
    return 0;
}

static ic_buf *sandbox_push_buffer(lua_State *L) {
    ic_buf *buffer = lua_newuserdata(L, sizeof *buffer);
    *buffer = (ic_buf){0};
    luaL_getmetatable(L, BUFFER_TYPE);
    lua_setmetatable(L, -2);
    return buffer;
}

/* Raises the message unchanged; the Lua side adds the position. */
__attribute__((format(printf, 2, 3))) static int sandbox_throw(lua_State *L, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    return lua_error(L);
}

/* The sandbox of a method's first argument. Raises an error in a process that has not started it. */
static ic_sandbox *sandbox_check_self(lua_State *L) {
    const server *self = luaL_checkudata(L, 1, SERVER_TYPE);
    if (!self->sandbox) sandbox_throw(L, "the sandbox has been collected");
    if (!ic_sandbox_owned(self->sandbox))
        sandbox_throw(L, "the sandbox belongs to the process that started it");
    return self->sandbox;
}

/* --- options --- */

typedef enum kind {
    TEXT,
    PORT,
    SECONDS,  /* more than 0 seconds */
    DURATION, /* 0 seconds or more */
    SIZE,
    WHOLE,
    BOOLEAN,
    TIME,    /* as ISO 8601 text */
    TARGETS, /* a word for ic_delivery_targets */
    ACTION,  /* set by the Lua side with the action of that name */
} kind;

static const struct option {
    const char *name;
    kind kind;
    size_t offset;
} options[] = {
    {"port", PORT, offsetof(ic_sandbox_options, port)},
    {"tls", BOOLEAN, offsetof(ic_sandbox_options, tls)},
    {"host", TEXT, offsetof(ic_sandbox_options, host)},
    {"token_seconds", SECONDS, offsetof(ic_sandbox_options, token_seconds)},
    {"job_seconds", DURATION, offsetof(ic_sandbox_options, job_seconds)},
    {"import_credits", WHOLE, offsetof(ic_sandbox_options, import_credits)},
    {"clock", TIME, offsetof(ic_sandbox_options, clock)},
    {"seed", WHOLE, offsetof(ic_sandbox_options, seed)},
    {"max_body", SIZE, offsetof(ic_sandbox_options, max_body)},
    {"code_seconds", SECONDS, offsetof(ic_sandbox_options, code_seconds)},
    {"redirect_uris", TEXT, offsetof(ic_sandbox_options, redirect_uris)},
    {"scopes", TEXT, offsetof(ic_sandbox_options, scopes)},
    {"fixtures", TEXT, offsetof(ic_sandbox_options, fixtures)},
    {"log", TEXT, offsetof(ic_sandbox_options, log)},
    {"rate_limits", ACTION, 0},
    {"latency", ACTION, 0},
    {"max_page_size", ACTION, 0},
    {"client_id", TEXT, offsetof(ic_sandbox_options, client_id)},
    {"clickwrap_port", PORT, offsetof(ic_sandbox_options, clickwrap_port)},
    {"client_secret", TEXT, offsetof(ic_sandbox_options, client_secret)},
    {"deliver_to", TARGETS, offsetof(ic_sandbox_options, deliver_to)},
    {"deliver_ca_file", TEXT, offsetof(ic_sandbox_options, deliver_ca_file)},
};

static const struct option *sandbox_find_option(lua_State *L, const char *name) {
    ic_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].name, name) == 0) return &options[i];
        ic_nearest_offer(&nearest, options[i].name);
    }
    if (nearest.best)
        sandbox_throw(L, "sandbox: unknown option '%s' (did you mean '%s'?)", name, nearest.best);
    sandbox_throw(L, "sandbox: unknown option '%s'", name);
    return NULL;
}

static void sandbox_check_type(lua_State *L, const struct option *option, int wanted) {
    if (lua_type(L, -1) != wanted)
        sandbox_throw(L, "sandbox: option '%s' must be a %s, not a %s", option->name, lua_typename(L, wanted),
                      luaL_typename(L, -1));
}

static double sandbox_check_number(lua_State *L, const struct option *option, double least, double most,
                                   bool whole) {
    sandbox_check_type(L, option, LUA_TNUMBER);
    double value = lua_tonumber(L, -1);
    if (!(value >= least && value <= most) || (whole && value != floor(value))) {
        char wanted[128];
        snprintf(wanted, sizeof wanted, "%s from %.16g to %.16g, not %.16g",
                 whole ? "a whole number" : "a number", least, most, value);
        sandbox_throw(L, "sandbox: option '%s' must be %s", option->name, wanted);
    }
    return value;
}

static const char *sandbox_check_text(lua_State *L, const struct option *option) {
    sandbox_check_type(L, option, LUA_TSTRING);
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    if (!length || strlen(text) != length)
        sandbox_throw(L, "sandbox: option '%s' is empty or holds a NUL", option->name);
    return text; /* valid as long as the table of options */
}

static ic_time sandbox_check_time(lua_State *L, const struct option *option) {
    ic_time time;
    if (!ic_time_parse(sandbox_check_text(L, option), &time))
        sandbox_throw(L, "sandbox: option '%s' must be a time like 2026-01-31T09:00:00Z", option->name);
    return time;
}

static ic_delivery_targets sandbox_check_targets(lua_State *L, const struct option *option) {
    static const char *const words[] = {
        [IC_TARGETS_LOCAL] = "local", [IC_TARGETS_ANY] = "any", [IC_TARGETS_NONE] = "none"};
    const char *text = sandbox_check_text(L, option);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], text) == 0) return (ic_delivery_targets)i;
    sandbox_throw(L, "sandbox: option '%s' must be local, any or none, not %s", option->name, text);
    return IC_TARGETS_NONE;
}

/* Stores the value on top of the stack as the option. */
static void sandbox_read_option(lua_State *L, const struct option *option, ic_sandbox_options *into) {
    void *place = (char *)into + option->offset;
    switch (option->kind) {
    case TEXT: *(const char **)place = sandbox_check_text(L, option); break;
    case PORT: *(int *)place = (int)sandbox_check_number(L, option, 0, 65535, true); break;
    case SECONDS: *(double *)place = sandbox_check_number(L, option, 1e-6, 1e9, false); break;
    case DURATION: *(double *)place = sandbox_check_number(L, option, 0, 1e9, false); break;
    case WHOLE:
        *(int64_t *)place = (int64_t)sandbox_check_number(L, option, 0, 9007199254740991, true);
        break;
    case ACTION: sandbox_throw(L, "sandbox: option '%s' is not for here", option->name); break;
    case TIME: *(ic_time *)place = sandbox_check_time(L, option); break;
    case TARGETS: *(ic_delivery_targets *)place = sandbox_check_targets(L, option); break;
    case SIZE: *(size_t *)place = (size_t)sandbox_check_number(L, option, 1, 1e15, true); break;
    case BOOLEAN:
        sandbox_check_type(L, option, LUA_TBOOLEAN);
        *(bool *)place = lua_toboolean(L, -1);
        break;
    }
}

static ic_sandbox_options sandbox_read_options(lua_State *L, int table) {
    ic_sandbox_options read = ic_sandbox_defaults;
    if (lua_isnoneornil(L, table)) return read;
    if (!lua_istable(L, table))
        sandbox_throw(L, "sandbox: the options must be a table, not a %s", luaL_typename(L, table));
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) sandbox_throw(L, "sandbox: the names of options are strings");
        sandbox_read_option(L, sandbox_find_option(L, lua_tostring(L, -2)), &read);
    }
    return read;
}

/* --- functions --- */

static int sandbox_start(lua_State *L) {
    char error[512];
    ic_sandbox_options read = sandbox_read_options(L, 1);
    server *self = lua_newuserdata(L, sizeof *self);
    self->sandbox = NULL;
    luaL_getmetatable(L, SERVER_TYPE);
    lua_setmetatable(L, -2);
    self->sandbox = ic_sandbox_start(&read, error, sizeof error);
    if (self->sandbox) return 1;
    lua_pushnil(L);
    lua_pushstring(L, error);
    return 2;
}

/* fixtures() -> the built-in company as JSON text. */
static int sandbox_fixtures(lua_State *L) {
    ic_buf *buffer = sandbox_push_buffer(L);
    char *text = ic_sandbox_fixtures();
    if (text) ic_buf_puts(buffer, text);
    ic_json_text_free(text);
    if (!text || buffer->failed) return sandbox_throw(L, "not enough memory");
    lua_pushlstring(L, buffer->data, buffer->length);
    return 1;
}

static sigset_t sandbox_ending_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/* hold_signals(): blocks the signals that end a program, until wait(). */
static int sandbox_hold_signals(lua_State *L) {
    (void)L;
    sigset_t signals = sandbox_ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    return 0;
}

/* Waits for SIGINT, SIGTERM or SIGHUP and answers its number. */
static int sandbox_wait_signal(lua_State *L) {
    sigset_t signals = sandbox_ending_signals();
    int signal = 0;
    sandbox_hold_signals(L);
    while (sigwait(&signals, &signal) != 0)
        ;
    lua_pushinteger(L, signal);
    return 1;
}

/* --- methods --- */

static int sandbox_stop(lua_State *L) {
    const server *self = luaL_checkudata(L, 1, SERVER_TYPE);
    if (self->sandbox) ic_sandbox_stop(self->sandbox);
    return 0;
}

static int sandbox_facts(lua_State *L) {
    const ic_sandbox *sandbox = sandbox_check_self(L);
    const struct fact {
        const char *name, *value;
    } texts[] = {
        {"url", ic_sandbox_url(sandbox)},
        {"client_id", ic_sandbox_client_id(sandbox)},
        {"client_secret", ic_sandbox_client_secret(sandbox)},
        {"other_client_id", ic_sandbox_other_client_id(sandbox)},
        {"other_client_secret", ic_sandbox_other_client_secret(sandbox)},
        {"as_user", ic_sandbox_as_user(sandbox)},
        {"ca_file", ic_sandbox_ca_file(sandbox)},
        {"clickwrap_url", ic_sandbox_clickwrap_url(sandbox)},
    };
    lua_newtable(L);
    ic_lua_set_count(L, "port", ic_sandbox_port(sandbox));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ic_lua_set_text(L, texts[i].name, texts[i].value);
    return 1;
}

/* control(name, arguments as JSON) -> the answer as JSON, or "" without one; or nil and a message. */
static int sandbox_control(lua_State *L) {
    ic_sandbox *sandbox = sandbox_check_self(L);
    size_t length;
    const char *name = luaL_checkstring(L, 2), *text = luaL_checklstring(L, 3, &length);
    ic_buf *buffer = sandbox_push_buffer(L);
    bool done = ic_sandbox_control(sandbox, name, text, length, buffer);
    if (buffer->failed) return sandbox_throw(L, "not enough memory");
    if (!done) lua_pushnil(L);
    lua_pushlstring(L, buffer->data, buffer->length);
    return done ? 1 : 2;
}

static int sandbox_info(lua_State *L) {
    ic_sandbox *sandbox = sandbox_check_self(L);
    ic_buf *buffer = sandbox_push_buffer(L);
    ic_sandbox_info(sandbox, buffer);
    if (buffer->failed) return sandbox_throw(L, "not enough memory");
    lua_pushlstring(L, buffer->data, buffer->length);
    return 1;
}

/* actions() -> a list of { name=, parameters= (text), first= (the first one's name, or nil), help= }. */
static int sandbox_actions(lua_State *L) {
    lua_newtable(L);
    const ic_action *action;
    for (int i = 0; (action = ic_action_at((size_t)i)) != NULL; i++) {
        lua_createtable(L, 0, 4);
        ic_lua_set_text(L, "name", action->name);
        ic_lua_set_text(L, "help", action->help);
        ic_lua_set_text(L, "first", action->fields->name);
        ic_buf *buffer = sandbox_push_buffer(L);
        ic_action_parameters(action, buffer);
        if (buffer->failed) return sandbox_throw(L, "not enough memory");
        lua_pushlstring(L, buffer->data, buffer->length);
        lua_setfield(L, -3, "parameters");
        lua_pop(L, 1);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* --- the module --- */

static const luaL_Reg server_metamethods[] = {{"__gc", sandbox_free_server}, {NULL, NULL}},
                      buffer_metamethods[] = {{"__gc", sandbox_free_buffer}, {NULL, NULL}};

static const luaL_Reg server_methods[] = {
    {"stop", sandbox_stop}, {"facts", sandbox_facts}, {"control", sandbox_control}, {"info", sandbox_info},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"start", sandbox_start},       {"actions", sandbox_actions},
    {"fixtures", sandbox_fixtures}, {"hold_signals", sandbox_hold_signals},
    {"wait", sandbox_wait_signal},  {NULL, NULL},
};

__attribute__((visibility("default"))) int luaopen_ironclad_sandbox_core(lua_State *L);
int luaopen_ironclad_sandbox_core(lua_State *L) {
    ic_lua_make_type(L, SERVER_TYPE, server_metamethods, server_methods);
    ic_lua_make_type(L, BUFFER_TYPE, buffer_metamethods, NULL);
    lua_newtable(L);
    ic_lua_setfuncs(L, functions);
    return 1;
}
