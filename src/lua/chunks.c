/* Bytecode is made for one version of one Lua, and Lua hardly checks the bytecode that it loads. So this Lua
 * compiles a probe first, a chunk that uses all of the language that the module's files use. When the result
 * differs from the build's by a single byte, the chunks are not used. */
#include "lua/chunks.h"
#include "lua/compat.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct comparison {
    const ic_chunk *with;
    size_t at;
    bool same;
} comparison;

static int chunks_compare(lua_State *L, const void *bytes, size_t size, void *argument) {
    comparison *c = argument;
    (void)L;
    c->same = c->same && size <= c->with->size - c->at && memcmp(c->with->bytes + c->at, bytes, size) == 0;
    if (c->same) c->at += size;
    return 0;
}

/* Whether this Lua compiles the probe to the bytes of the build. */
static bool chunks_fit(lua_State *L) {
    const char *source = ic_chunks_probe_source;
    comparison c = {.with = ic_chunks_probe, .same = true};
    if (!source) return false;
    if (luaL_loadbuffer(L, source, strlen(source), "=probe") == 0)
        ic_lua_dump(L, chunks_compare, &c);
    else
        c.same = false;
    lua_pop(L, 1);
    return c.same && c.at == c.with->size;
}

/* The loader of a module: upvalue 1 is its number. */
static int chunks_load(lua_State *L) {
    const ic_chunk *chunk = &ic_chunks[lua_tointeger(L, lua_upvalueindex(1))];
    if (luaL_loadbuffer(L, (const char *)chunk->bytes, chunk->size, chunk->name) != 0) return lua_error(L);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

void ic_lua_open_chunks(lua_State *L) {
    bool fit = chunks_fit(L);
    lua_pushboolean(L, fit);
    lua_setfield(L, -2, "compiled");
    if (!fit) return;
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    for (int i = 0; lua_istable(L, -1) && ic_chunks[i].name; i++) {
        lua_getfield(L, -1, ic_chunks[i].name);
        bool taken = !lua_isnil(L, -1);
        lua_pop(L, 1);
        if (taken) continue;
        lua_pushinteger(L, i);
        lua_pushcclosure(L, chunks_load, 1);
        lua_setfield(L, -2, ic_chunks[i].name);
    }
    lua_pop(L, 2);
}
