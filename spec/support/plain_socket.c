/* plain_socket: a TCP connection to this machine, for specs that play a client byte by byte. */
#include "spec/support/lua_module.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_TYPE "plain_socket"
#define SECONDS     60 /* how long receive() waits unless told otherwise */

static int *check(lua_State *L) {
    int *fd = luaL_checkudata(L, 1, SOCKET_TYPE);
    if (*fd < 0) luaL_error(L, "the socket is closed");
    return fd;
}

static int failed(lua_State *L, const char *why) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

/* connect(port) -> socket; nil and a message. */
static int connect_to(lua_State *L) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((unsigned short)luaL_checknumber(L, 1))};
    int *fd = lua_newuserdata(L, sizeof *fd), now = 1;
    *fd = -1;
    luaL_getmetatable(L, SOCKET_TYPE);
    lua_setmetatable(L, -2);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || connect(*fd, (struct sockaddr *)&address, sizeof address))
        return failed(L, strerror(errno));
    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
    return 1;
}

/* socket:send(bytes) -> true; nil and a message when the other side has closed it. */
static int send_bytes(lua_State *L) {
    const int *fd = check(L);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    while (length) {
        ssize_t sent = send(*fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return failed(L, strerror(errno));
        bytes += sent;
        length -= (size_t)sent;
    }
    lua_pushboolean(L, true);
    return 1;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* socket:receive([seconds [, most]]) -> all bytes until the other side closes, or until there are `most`.
 * After a failure: the bytes that came before it, nil and a message. */
static int receive(lua_State *L) {
    const int *fd = check(L);
    double end = now() + luaL_optnumber(L, 2, SECONDS);
    size_t most = (size_t)luaL_optnumber(L, 3, 1e15), got = 0;
    luaL_Buffer bytes;
    luaL_buffinit(L, &bytes);
    const char *why = NULL;
    while (!why && got < most) {
        struct pollfd readable = {.fd = *fd, .events = POLLIN};
        double left = end - now();
        int ready = poll(&readable, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
        if (ready < 0 && errno == EINTR) continue;
        char *room = luaL_prepbuffer(&bytes);
        size_t wanted = most - got < LUAL_BUFFERSIZE ? most - got : LUAL_BUFFERSIZE;
        ssize_t count = ready > 0 ? recv(*fd, room, wanted, 0) : -1;
        if (count == 0) break;
        if (count < 0) why = ready > 0 ? strerror(errno) : "timeout";
        if (count < 0) continue;
        luaL_addsize(&bytes, (size_t)count);
        got += (size_t)count;
    }
    luaL_pushresult(&bytes);
    if (!why) return 1;
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 3;
}

/* socket:finish(): nothing more will be sent; answers can still be received. */
static int finish(lua_State *L) {
    shutdown(*check(L), SHUT_WR);
    return 0;
}

/* socket:close([reset]): with true the connection is reset. */
static int close_socket(lua_State *L) {
    int *fd = luaL_checkudata(L, 1, SOCKET_TYPE);
    const struct linger reset = {.l_onoff = 1};
    if (*fd >= 0 && lua_toboolean(L, 2)) setsockopt(*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (*fd >= 0) close(*fd);
    *fd = -1;
    return 0;
}

__attribute__((visibility("default"))) int luaopen_plain_socket(lua_State *L);

int luaopen_plain_socket(lua_State *L) {
    static const luaL_Reg methods[] = {{"send", send_bytes},
                                       {"receive", receive},
                                       {"finish", finish},
                                       {"close", close_socket},
                                       {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", close_socket}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"connect", connect_to}, {NULL, NULL}};
    ic_module_type(L, SOCKET_TYPE, metamethods, methods);
    lua_newtable(L);
    ic_module_set(L, functions);
    return 1;
}
