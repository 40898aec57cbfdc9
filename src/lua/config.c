#include "config.h"
#include "compat.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TYPE "ironclad.descriptor"

#define TEXT_MAX (1 << 20) /* bytes; far more than settings need */

static int l_gc(lua_State *L) {
    int *descriptor = luaL_checkudata(L, 1, TYPE);
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
    return 0;
}

static int refused(lua_State *L, const char *why) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

/* Pushes all that is left to read; NULL, or why that cannot be done, with nothing pushed. */
static const char *push_text(lua_State *L, int descriptor) {
    luaL_Buffer text;
    size_t length = 0;
    ssize_t count;
    luaL_buffinit(L, &text);
    do {
        char *room = luaL_prepbuffer(&text);
        count = read(descriptor, room, LUAL_BUFFERSIZE);
        int reason = errno;
        luaL_addsize(&text, count > 0 ? (size_t)count : 0);
        length += count > 0 ? (size_t)count : 0;
        if (count >= 0 && length <= TEXT_MAX) continue;
        luaL_pushresult(&text);
        lua_pop(L, 1);
        return count < 0 ? strerror(reason) : "larger than 1 MiB";
    } while (count > 0);
    luaL_pushresult(&text);
    return NULL;
}

/* read_config(path) -> text, who (a table); nil and a message when it cannot be read. The mode and the owner
 * are those of what was read, not of what the path names by then: mode = permission bits, foreign = true when
 * the file belongs to another user than this process's, root excepted. */
static int l_read_config(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct stat facts;
    int *descriptor = lua_newuserdata(L, sizeof *descriptor);
    *descriptor = -1;
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*descriptor < 0 || fstat(*descriptor, &facts)) return refused(L, strerror(errno));
    if (S_ISDIR(facts.st_mode)) return refused(L, strerror(EISDIR));
    const char *why = push_text(L, *descriptor);
    if (why) return refused(L, why);
    close(*descriptor);
    *descriptor = -1;
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, (lua_Integer)(facts.st_mode & 0777));
    lua_setfield(L, -2, "mode");
    lua_pushboolean(L, facts.st_uid != geteuid() && facts.st_uid != 0);
    lua_setfield(L, -2, "foreign");
    return 2;
}

void ic_lua_open_config(lua_State *L) {
    luaL_newmetatable(L, TYPE);
    lua_pushcfunction(L, l_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lua_pushcfunction(L, l_read_config);
    lua_setfield(L, -2, "read_config");
}
