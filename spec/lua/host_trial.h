/* Shared by the programs that are hosts of the binding: Lua states of their own, and a server for them. The
 * module's Lua files are found by Lua's paths; the binding in C is linked into the program. */
#ifndef HOST_TRIAL_H
#define HOST_TRIAL_H

#include "spec/core/engine/engine_trial.h"
#include <arpa/inet.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

int luaopen_ironclad_core(lua_State *L);

/* It serves every script: a resource, a page of two, a file, a token. */
#define HOST_BODY                                                                                            \
    "{\"id\":\"w1\",\"access_token\":\"SECRET-first\",\"refresh_token\":\"SECRET-again\",\"expires_in\":"    \
    "3600,"                                                                                                  \
    "\"page\":0,\"pageSize\":2,\"count\":2,\"list\":[{\"id\":\"a\"},{\"id\":\"b\"}]}"

#define HOST_BODY_LENGTH "153"

static inline ic_peer *host_start_server(void) {
    static char answer[600];
    static const char *answers[] = {answer};
    snprintf(answer, sizeof answer,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(HOST_BODY), HOST_BODY);
    return start_server(answers, 1);
}

/* visit(port, path): asks for it like a browser, and does not wait for the answer. */
static inline int host_visit(lua_State *L) {
    static int opened = -1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)luaL_checkinteger(L, 1)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[500];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
                          luaL_checkstring(L, 2), (int)lua_tointeger(L, 1));
    if (opened >= 0) close(opened);
    opened = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(opened, (struct sockaddr *)&address, sizeof address) != 0 ||
        write(opened, request, (size_t)length) < 0)
        return luaL_error(L, "visit: no listener");
    return 0;
}

/* Opens the libraries, puts ironclad.core into package.preload, and sets the globals `url` and `visit`. */
static inline int host_set_up(lua_State *L) {
    luaL_openlibs(L);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_ironclad_core);
    lua_setfield(L, -2, "ironclad.core");
    lua_pushfstring(L, "http://127.0.0.1:%d", ic_peer_port(lua_touserdata(L, 1)));
    lua_setglobal(L, "url");
    lua_pushcfunction(L, host_visit);
    lua_setglobal(L, "visit");
    /* LuaJIT itself may crash when an allocation of its compiled code fails. */
    if (luaL_loadstring(L, "if jit then jit.off() end") != 0) return lua_error(L);
    lua_call(L, 0, 0);
    return 0;
}

static inline lua_State *host_new_state(lua_Alloc allocate, const ic_peer *peer) {
    lua_State *L = lua_newstate(allocate, NULL);
    if (!L) L = luaL_newstate(); /* a LuaJIT without GC64 takes no other allocator */
    lua_pushcfunction(L, host_set_up);
    lua_pushlightuserdata(L, (void *)(uintptr_t)peer);
    if (lua_pcall(L, 1, 0, 0) != 0) {
        printf("    %s\n", lua_tostring(L, -1));
        abort();
    }
    return L;
}

/* A new folder in TMPDIR, and its end. */
static inline void host_make_folder(char *path, size_t size) {
    const char *base = getenv("TMPDIR");
    snprintf(path, size, "%s/ironclad-host.XXXXXX", base && *base ? base : "/tmp");
    CHECK(mkdtemp(path) != NULL);
}

static inline void host_remove_folder(const char *path) {
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    CHECK(system(command) == 0);
}

#endif
