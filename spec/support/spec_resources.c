/* spec_resources: the resources of the system that this process holds, so that specs can find what was left
 * behind.
 *
 * - descriptors() -> {[number] = what it is}. A socket is "listening", "connected" or "socket", then its
 *   family, such as "connected inet"; anything else is what /proc/self/fd says.
 * - threads() -> {[id] = name}, without the caller's own
 * - children() -> {[process id] = name}, zombies too
 * - memory() -> bytes that malloc has given out
 * - private_folder() -> a new folder, which TMPDIR names from now on */
#include "spec/support/lua_module.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Puts table[number] = text for each number that names an entry of a folder. `describe` returns false for
 * what is left out. */
static int list_numbers(lua_State *L, const char *path,
                        int (*describe)(long number, int folder, char *text, size_t size)) {
    lua_newtable(L);
    DIR *folder = opendir(path);
    if (!folder) return luaL_error(L, "%s: %s", path, strerror(errno));
    for (struct dirent *entry; (entry = readdir(folder));) {
        char *end, text[300] = "";
        long number = strtol(entry->d_name, &end, 10);
        if (end == entry->d_name || *end || !describe(number, dirfd(folder), text, sizeof text)) continue;
        lua_pushstring(L, text);
        lua_rawseti(L, -2, (int)number);
    }
    closedir(folder);
    return 1;
}

/* A connected TCP socket is "open" unless its other end has been closed. */
static const char *socket_state(int number) {
    struct sockaddr_storage peer;
    struct tcp_info info = {0};
    int listening = 0;
    socklen_t size = sizeof listening;
    getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
    if (listening) return "listening";
    size = sizeof info;
    if (getsockopt(number, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
        return info.tcpi_state == TCP_ESTABLISHED ? "connected" : "half-closed";
    size = sizeof peer;
    return getpeername(number, (struct sockaddr *)&peer, &size) == 0 ? "connected" : "unconnected";
}

static int describe_descriptor(long number, int folder, char *text, size_t size) {
    if (number == folder) return 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%ld", number);
    ssize_t length = readlink(path, text, size - 1);
    if (length < 0) return 0;
    text[length] = '\0';
    struct sockaddr_storage own;
    socklen_t own_size = sizeof own;
    if (getsockname((int)number, (struct sockaddr *)&own, &own_size) != 0) return 1;
    snprintf(text, size, "%s %s", socket_state((int)number),
             own.ss_family == AF_UNIX                                ? "unix"
             : own.ss_family == AF_INET || own.ss_family == AF_INET6 ? "inet"
                                                                     : "other");
    return 1;
}

static int descriptors(lua_State *L) {
    return list_numbers(L, "/proc/self/fd", describe_descriptor);
}

static void first_line(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "r");
    if (file && fgets(text, (int)size, file)) text[strcspn(text, "\n")] = '\0';
    if (file) fclose(file);
}

static int describe_thread(long number, int folder, char *text, size_t size) {
    (void)folder;
    if (number == syscall(SYS_gettid)) return 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/comm", number);
    first_line(path, text, size);
    return 1;
}

static int threads(lua_State *L) {
    return list_numbers(L, "/proc/self/task", describe_thread);
}

/* The fields of /proc/<pid>/stat: pid (comm) state ppid; see proc(5). */
static int describe_child(long number, int folder, char *text, size_t size) {
    (void)folder;
    char path[64], line[300] = "", state;
    int parent;
    snprintf(path, sizeof path, "/proc/%ld/stat", number);
    first_line(path, line, sizeof line);
    const char *begin = strchr(line, '('), *end = strrchr(line, ')');
    if (!begin || !end || sscanf(end + 1, " %c %d", &state, &parent) != 2 || parent != getpid()) return 0;
    snprintf(text, size, "%.*s%s", (int)(end - begin - 1), begin + 1, state == 'Z' ? " (ended)" : "");
    return 1;
}

static int children(lua_State *L) {
    return list_numbers(L, "/proc", describe_child);
}

static int memory(lua_State *L) {
    struct mallinfo2 info = mallinfo2();
    lua_pushnumber(L, (lua_Number)(info.uordblks + info.hblkhd));
    return 1;
}

/* A short name: the path of a unix socket below it has at most 107 bytes. */
static int private_folder(lua_State *L) {
    const char *base = getenv("TMPDIR");
    lua_pushfstring(L, "%s/specs.XXXXXX", base && *base ? base : "/tmp");
    char path[4096];
    snprintf(path, sizeof path, "%s", lua_tostring(L, -1));
    if (!mkdtemp(path) || setenv("TMPDIR", path, 1) != 0)
        return luaL_error(L, "%s: %s", path, strerror(errno));
    lua_pushstring(L, path);
    return 1;
}

__attribute__((visibility("default"))) int luaopen_spec_resources(lua_State *L);

int luaopen_spec_resources(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"descriptors", descriptors},       {"threads", threads}, {"children", children}, {"memory", memory},
        {"private_folder", private_folder}, {NULL, NULL}};
    lua_newtable(L);
    ic_module_set(L, functions);
    return 1;
}
