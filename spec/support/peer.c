/* spec_peer: the scripted server of peer_server.c for specs in Lua; spec/support/peer.lua wraps it.
 *   server = start{ connections = {script, …}, answers = {bytes, …}, tls = {cert =, key =, max_version =,
 * clients =} } A script is a list of steps {name, bytes, number}. */
#include "spec/support/lua_module.h"
#include "spec/support/peer_server.h"
#include <string.h>

#define PEER_TYPE "spec_peer"

static ic_peer *check_peer(lua_State *L) {
    return *(ic_peer **)luaL_checkudata(L, 1, PEER_TYPE);
}

/* Calls `read` with each item of the list options[name] on top of the stack; returns how many there were. */
static int each(lua_State *L, int options, const char *name, void (*read)(lua_State *, ic_peer *),
                ic_peer *peer) {
    int count = 0;
    lua_getfield(L, options, name);
    if (lua_isnil(L, -1)) lua_newtable(L), lua_replace(L, -2);
    luaL_checktype(L, -1, LUA_TTABLE);
    for (;; count++) {
        lua_rawgeti(L, -1, count + 1);
        if (lua_isnil(L, -1)) break;
        read(L, peer);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
    return count;
}

static void read_step(lua_State *L, ic_peer *peer) {
    size_t length = 0;
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    lua_rawgeti(L, -3, 3);
    const char *name = luaL_checkstring(L, -3), *bytes = lua_tolstring(L, -2, &length);
    long number = lua_isnumber(L, -1) ? (long)lua_tonumber(L, -1) : -1;
    const char *fault = ic_peer_add_step(peer, name, bytes, length, number);
    if (fault) luaL_error(L, "step '%s': %s", name, fault);
    lua_pop(L, 3);
}

static void read_script(lua_State *L, ic_peer *peer) {
    luaL_checktype(L, -1, LUA_TTABLE);
    ic_peer_add_script(peer);
    for (int i = 1;; i++) {
        lua_rawgeti(L, -1, i);
        if (lua_isnil(L, -1)) break;
        read_step(L, peer);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void read_answer(lua_State *L, ic_peer *peer) {
    size_t length;
    const char *bytes = luaL_checklstring(L, -1, &length);
    ic_peer_add_answer(peer, bytes, length);
}

/* max_version = "1.1": an old server, which supports nothing newer than TLS 1.1. */
static void read_tls(lua_State *L, int options, ic_peer *peer) {
    lua_getfield(L, options, "tls");
    if (!lua_isnil(L, -1)) {
        luaL_checktype(L, -1, LUA_TTABLE);
        lua_getfield(L, -1, "cert");
        lua_getfield(L, -2, "key");
        lua_getfield(L, -3, "max_version");
        const char *cert = luaL_checkstring(L, -3), *key = luaL_checkstring(L, -2);
        const char *version = luaL_optstring(L, -1, "");
        if (!ic_peer_use_tls(peer, cert, key, !strcmp(version, "1.1")))
            luaL_error(L, "cannot serve TLS with %s and %s", cert, key);
        lua_getfield(L, -4, "clients");
        const char *clients = luaL_optstring(L, -1, NULL);
        if (clients && !ic_peer_want_clients_of(peer, clients)) luaL_error(L, "cannot read %s", clients);
        lua_pop(L, 4);
    }
    lua_pop(L, 1);
}

static int start(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    ic_peer **box = lua_newuserdata(L, sizeof *box);
    *box = NULL;
    luaL_getmetatable(L, PEER_TYPE);
    lua_setmetatable(L, -2);
    *box = ic_peer_new();
    if (!each(L, 1, "connections", read_script, *box)) luaL_error(L, "connections: no script");
    each(L, 1, "answers", read_answer, *box);
    read_tls(L, 1, *box);
    const char *failure = ic_peer_start(*box);
    if (failure) luaL_error(L, "cannot start a server: %s", failure);
    return 1;
}

static int port(lua_State *L) {
    lua_pushinteger(L, ic_peer_port(check_peer(L)));
    return 1;
}

static int connections(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)ic_peer_connections(check_peer(L)));
    return 1;
}

static int release(lua_State *L) {
    ic_peer_release(check_peer(L));
    return 0;
}

/* server:await(n): returns when n whole requests have come; throws when they do not come in time. */
static int await(lua_State *L) {
    ic_peer *peer = check_peer(L);
    size_t wanted = (size_t)luaL_checkinteger(L, 2), count = ic_peer_await(peer, wanted);
    if (count < wanted) luaL_error(L, "%d of %d requests came", (int)count, (int)wanted);
    return 0;
}

/* Names in lower case; the values of a repeated name joined by ", ". */
static void push_fields(lua_State *L, const char *head) {
    lua_newtable(L);
    for (const char *line = strstr(head, "\r\n") + 2; *line != '\r'; line = strstr(line, "\r\n") + 2) {
        const char *end = strstr(line, "\r\n"), *colon = memchr(line, ':', (size_t)(end - line));
        if (!colon) continue;
        luaL_Buffer name;
        luaL_buffinit(L, &name);
        for (const char *c = line; c < colon; c++)
            luaL_addchar(&name, (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c));
        luaL_pushresult(&name);
        lua_pushvalue(L, -1);
        lua_rawget(L, -3);
        int repeated = lua_isstring(L, -1);
        if (repeated) lua_pushliteral(L, ", ");
        const char *value = colon + 1 + strspn(colon + 1, " \t");
        lua_pushlstring(L, value, (size_t)(end - value));
        if (repeated)
            lua_concat(L, 3);
        else
            lua_remove(L, -2);
        lua_rawset(L, -3);
    }
}

static void push_request(lua_State *L, const ic_peer_request *request) {
    const char *end = request->head + strcspn(request->head, " \r"), *target = end + strspn(end, " ");
    lua_newtable(L);
    lua_pushlstring(L, request->head, (size_t)(end - request->head));
    lua_setfield(L, -2, "method");
    lua_pushlstring(L, target, strcspn(target, " \r"));
    lua_setfield(L, -2, "target");
    push_fields(L, request->head);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, request->body, request->length);
    lua_setfield(L, -2, "body");
    lua_pushinteger(L, (lua_Integer)request->connection);
    lua_setfield(L, -2, "connection");
}

static int requests(lua_State *L) {
    size_t count;
    const ic_peer_request *request = ic_peer_requests(check_peer(L), &count);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 1; i <= count; i++) {
        push_request(L, request);
        lua_rawseti(L, -2, (int)i);
        if (i < count) request = request->next;
    }
    return 1;
}

static int stop(lua_State *L) {
    ic_peer_stop(check_peer(L));
    return 0;
}

static int collect(lua_State *L) {
    ic_peer **box = luaL_checkudata(L, 1, PEER_TYPE);
    ic_peer_free(*box);
    *box = NULL;
    return 0;
}

__attribute__((visibility("default"))) int luaopen_spec_peer(lua_State *L);

int luaopen_spec_peer(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"port", port},       {"requests", requests}, {"connections", connections},
        {"release", release}, {"await", await},       {"stop", stop},
        {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", collect}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"start", start}, {NULL, NULL}};
    ic_module_type(L, PEER_TYPE, metamethods, methods);
    lua_newtable(L);
    ic_module_set(L, functions);
    return 1;
}
