/* spec_process: what specs need from the operating system and Lua does not have. */
#include "spec/support/lua_module.h"
#include <errno.h>
#include <lualib.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 120 /* a child that takes longer hangs: the alarm ends it */
#define HELD_TYPE     "held_port"

static bool in_child;

/* Ends a child by making it another program that exits with the same status. A leak checker that runs at exit
 * would report what the parent's other threads held, because they do not exist in the child. This is the last
 * of the exit handlers, because this module is loaded before the first call is made. */
static void end_child(int status, void *unused) {
    (void)unused;
    if (!in_child) return;
    fflush(NULL);
    char command[32], *nothing[] = {NULL};
    snprintf(command, sizeof command, "exit %d", status);
    execle("/bin/sh", "sh", "-c", command, (char *)NULL, nothing);
    _exit(98);
}

/* fork_run(fn) -> status. Runs fn in a forked child and waits for it. The child's status is what fn returns
 * (a number; otherwise 0), or 99 when fn throws; no exit handler runs then. fn may also call os.exit itself.
 * The status of a child that a signal has ended is 128 + the signal's number. */
static int fork_run(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    fflush(NULL); /* otherwise the child would print the parent's buffered output again */
    pid_t child = fork();
    if (child == 0) {
        in_child = true;
        alarm(CHILD_SECONDS);
        bool failed = lua_pcall(L, 0, 1, 0);
        if (failed) fprintf(stderr, "in the child: %s\n", lua_tostring(L, -1));
        end_child(failed ? 99 : (int)lua_tonumber(L, -1), NULL);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0) return luaL_error(L, "fork: %s", strerror(errno));
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 1;
}

/* new_state(source) -> text. Runs source in a new Lua state in this process, closes the state, and returns
 * the text that the source returned. Throws when it throws. */
static int new_state(lua_State *L) {
    size_t length;
    const char *source = luaL_checklstring(L, 1, &length);
    lua_State *other = luaL_newstate();
    if (!other) return luaL_error(L, "no memory");
    luaL_openlibs(other);
    int failed = luaL_loadbuffer(other, source, length, "=new_state") || lua_pcall(other, 0, 1, 0);
    char answer[1000]; /* not a Lua string, so that nothing can throw before the state is closed */
    const char *text = lua_tostring(other, -1);
    snprintf(answer, sizeof answer, "%s", text ? text : "");
    lua_close(other);
    lua_pushstring(L, answer);
    return failed ? lua_error(L) : 1;
}

/* A socket bound to that port of 127.0.0.1 (0: one that the system chooses), or -1. It does not listen. */
static int bind_port(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bound < 0 || bind(bound, (struct sockaddr *)&address, sizeof address) == 0) return bound;
    close(bound);
    return -1;
}

/* The ports that the system chooses for connections and for servers that leave it the choice. */
static void read_chosen_ports(int *lowest, int *highest) {
    *lowest = 32768;
    *highest = 65535;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
    if (file && fscanf(file, "%d %d", lowest, highest) != 2) *lowest = 32768;
    if (file) fclose(file);
}

/* A socket bound to a port that was free, and that is none that the system chooses; -1: there is none. */
static int bind_free_port(uint16_t *port) {
    int lowest, highest;
    read_chosen_ports(&lowest, &highest);
    for (int tries = 0; tries < 100000 && getentropy(port, sizeof *port) == 0; tries++) {
        if (*port < 10000 || (*port >= lowest && *port <= highest)) continue;
        int bound = bind_port(*port);
        if (bound >= 0) return bound;
    }
    return -1;
}

/* free_port() -> a port that was free just now. It is none that the system chooses: otherwise it could give
 * it to another socket before the caller, or a program that the caller starts, has opened it. */
static int free_port(lua_State *L) {
    uint16_t port;
    int bound = bind_free_port(&port);
    if (bound < 0) return luaL_error(L, "no port");
    close(bound);
    lua_pushinteger(L, port);
    return 1;
}

static int release_port(lua_State *L) {
    int *bound = luaL_checkudata(L, 1, HELD_TYPE);
    if (*bound >= 0) close(*bound);
    *bound = -1;
    return 0;
}

/* hold_port() -> a port as free_port's, and what holds it until held:release(): no other call of these
 * functions gives it, in any process. A server that sets SO_REUSEADDR can listen at it, end, and listen at it
 * again. */
static int hold_port(lua_State *L) {
    static const int shared = true;
    uint16_t port;
    int *bound = lua_newuserdata(L, sizeof *bound);
    *bound = -1;
    luaL_getmetatable(L, HELD_TYPE);
    lua_setmetatable(L, -2);
    *bound = bind_free_port(&port);
    /* From now on: while it was not set, no other socket could be bound there. */
    if (*bound < 0 || setsockopt(*bound, SOL_SOCKET, SO_REUSEADDR, &shared, sizeof shared))
        return luaL_error(L, "no port");
    lua_pushinteger(L, port);
    lua_insert(L, -2);
    return 2;
}

/* refused_port() -> a port that refuses connections, and that no other process can open while this process
 * lives. */
static int refused_port(lua_State *L) {
    static int port;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    if (!port) {
        int bound = bind_port(0);
        if (bound < 0 || getsockname(bound, (struct sockaddr *)&address, &size))
            return luaL_error(L, "no port: %s", strerror(errno));
        port = ntohs(address.sin_port);
    }
    lua_pushinteger(L, port);
    return 1;
}

/* chdir(path): the working folder of this process from now on. */
static int change_folder(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    if (chdir(path) != 0) return luaL_error(L, "%s: %s", path, strerror(errno));
    return 0;
}

/* interpreter() -> the path of the program that runs this. */
static int interpreter(lua_State *L) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length < 0) return luaL_error(L, "/proc/self/exe: %s", strerror(errno));
    lua_pushlstring(L, path, (size_t)length);
    return 1;
}

__attribute__((visibility("default"))) int luaopen_spec_process(lua_State *L);

int luaopen_spec_process(lua_State *L) {
    static const luaL_Reg functions[] = {{"fork_run", fork_run},         {"new_state", new_state},
                                         {"free_port", free_port},       {"hold_port", hold_port},
                                         {"refused_port", refused_port}, {"interpreter", interpreter},
                                         {"chdir", change_folder},       {NULL, NULL}};
    static const luaL_Reg held_metamethods[] = {{"__gc", release_port}, {NULL, NULL}},
                          held_methods[] = {{"release", release_port}, {NULL, NULL}};
    static bool loaded;
    if (!loaded) on_exit(end_child, NULL);
    loaded = true;
    ic_module_type(L, HELD_TYPE, held_metamethods, held_methods);
    lua_newtable(L);
    ic_module_set(L, functions);
    return 1;
}
