#include "lua/state_file.h"
#include "core/auth/private_file.h"
#include "core/base/alloc.h"
#include "core/base/process.h"
#include "lua/metatable.h"
#include <lauxlib.h>

#define STATE_FILE_TYPE    "ironclad.state_file"
#define STATE_FILE_LARGEST ((size_t)64 * 1024 * 1024)

typedef struct state_file {
    ic_private_file file;
    ic_error error;
    char *text; /* what was read, until Lua has it */
} state_file;

static state_file *state_file_check(lua_State *L) {
    return luaL_checkudata(L, 1, STATE_FILE_TYPE);
}

static int state_file_free(lua_State *L) {
    state_file *self = state_file_check(L);
    ic_private_file_clear(&self->file);
    ic_error_clear(&self->error);
    ic_free(self->text);
    self->text = NULL;
    return 0;
}

/* nil, message. */
static int state_file_failed(lua_State *L, const state_file *self) {
    lua_pushnil(L);
    lua_pushstring(L, ic_error_message(&self->error));
    return 2;
}

static int state_file_result(lua_State *L, const state_file *self, bool done) {
    if (!done) return state_file_failed(L, self);
    lua_pushboolean(L, true);
    return 1;
}

/* state_file(path) -> a file that is not opened yet; nil and a message. Its methods return nil and a message
 * when they fail. */
static int state_file_new(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    state_file *self = lua_newuserdata(L, sizeof *self);
    *self = (state_file){.file = {.folder_descriptor = -1, .lock = -1, .temporary = -1}};
    luaL_getmetatable(L, STATE_FILE_TYPE);
    lua_setmetatable(L, -2);
    if (!ic_process_prepare()) return luaL_error(L, "libcurl cannot be initialised");
    if (!ic_private_file_init(&self->file, path, &self->error)) return state_file_failed(L, self);
    self->file.largest = STATE_FILE_LARGEST;
    return 1;
}

/* file:lock() -> true; false: another process, or another state file of this one, has the lock. */
static int state_file_lock(lua_State *L) {
    state_file *self = state_file_check(L);
    ic_error_clear(&self->error);
    int taken = ic_private_file_lock(&self->file, &self->error);
    if (taken < 0) return state_file_failed(L, self);
    lua_pushboolean(L, taken);
    return 1;
}

static int state_file_unlock(lua_State *L) {
    ic_private_file_unlock(&state_file_check(L)->file);
    return 0;
}

/* file:read() -> its bytes; false: there is no file. */
static int state_file_read(lua_State *L) {
    state_file *self = state_file_check(L);
    size_t length = 0;
    ic_error_clear(&self->error);
    ic_free(self->text);
    self->text = NULL;
    int found = ic_private_file_read(&self->file, &self->text, &length, &self->error);
    if (found < 0) return state_file_failed(L, self);
    if (found)
        lua_pushlstring(L, self->text, length);
    else
        lua_pushboolean(L, false);
    ic_free(self->text);
    self->text = NULL;
    return 1;
}

/* file:write(bytes) -> true: they replace the file's, and are on the disk. */
static int state_file_write(lua_State *L) {
    state_file *self = state_file_check(L);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    ic_error_clear(&self->error);
    return state_file_result(L, self, ic_private_file_write(&self->file, text, length, &self->error));
}

/* file:append(bytes) -> true: they are at the file's end, and on the disk. */
static int state_file_append(lua_State *L) {
    state_file *self = state_file_check(L);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    ic_error_clear(&self->error);
    return state_file_result(L, self, ic_private_file_append(&self->file, text, length, &self->error));
}

void ic_lua_open_state_file(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", state_file_free}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"lock", state_file_lock},   {"unlock", state_file_unlock}, {"read", state_file_read},
        {"write", state_file_write}, {"append", state_file_append}, {NULL, NULL},
    };
    ic_lua_make_type(L, STATE_FILE_TYPE, metamethods, methods);
    lua_pushcfunction(L, state_file_new);
    lua_setfield(L, -2, "state_file");
}
