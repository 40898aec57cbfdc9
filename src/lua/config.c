#include "lua/config.h"
#include "core/base/buf.h"
#include "core/base/platform.h"
#include "lua/field.h"
#include "lua/metatable.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TYPE     "ironclad.config"
#define TEXT_MAX (1 << 20) /* bytes; far more than settings need */

/* What is owned while a file is read. */
typedef struct box {
    int file; /* -1: none */
    ic_buf text;
} box;

static void config_clear(box *mine) {
    if (mine->file >= 0) close(mine->file);
    mine->file = -1;
    if (mine->text.data) ic_wipe(mine->text.data, mine->text.length);
    ic_buf_free(&mine->text);
}

static int config_gc(lua_State *L) {
    config_clear(luaL_checkudata(L, 1, TYPE));
    return 0;
}

/* Returns NULL, or why the file cannot be read. A signal ends reading, because a pipe may never end. */
static const char *config_read_text(box *mine) {
    char bytes[4096];
    ssize_t count;
    while ((count = read(mine->file, bytes, sizeof bytes)) > 0 && mine->text.length <= TEXT_MAX &&
           !mine->text.failed)
        ic_buf_add(&mine->text, bytes, (size_t)count);
    if (count < 0) return strerror(errno);
    ic_wipe(bytes, sizeof bytes);
    return mine->text.length > TEXT_MAX ? "larger than 1 MiB" : NULL;
}

static const char *config_open(box *mine, const char *path, struct stat *facts) {
    mine->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (mine->file < 0 || fstat(mine->file, facts)) return strerror(errno);
    return S_ISDIR(facts->st_mode) ? strerror(EISDIR) : config_read_text(mine);
}

/* read_config(path) -> text, facts; nil, a message, and whether there is no such file, when it cannot be
 * read. The facts are about the file that was read, whatever the path names later: mode = the permission
 * bits, foreign = whether the file belongs to a user other than this process's and root. */
static int config_read(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct stat facts;
    box *mine = lua_newuserdata(L, sizeof *mine);
    *mine = (box){.file = -1};
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    const char *why = config_open(mine, path, &facts);
    if (why) {
        bool missing = mine->file < 0 && errno == ENOENT;
        lua_pushnil(L);
        lua_pushstring(L, why);
        lua_pushboolean(L, missing);
        return 3;
    }
    if (!ic_buf_text(&mine->text)) return luaL_error(L, "not enough memory");
    lua_pushlstring(L, mine->text.data, mine->text.length);
    config_clear(mine);
    lua_createtable(L, 0, 2);
    ic_lua_set_count(L, "mode", facts.st_mode & 0777);
    ic_lua_set_boolean(L, "foreign", facts.st_uid != geteuid() && facts.st_uid != 0);
    return 2;
}

void ic_lua_open_config(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", config_gc}, {NULL, NULL}};
    ic_lua_make_type(L, TYPE, metamethods, NULL);
    lua_pushcfunction(L, config_read);
    lua_setfield(L, -2, "read_config");
}
