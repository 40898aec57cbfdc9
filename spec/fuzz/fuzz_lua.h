/* What the fuzz targets of Lua code share. The Makefile links such a target with Lua (lua_fuzz_targets). */
#ifndef IC_FUZZ_LUA_H
#define IC_FUZZ_LUA_H

#include "spec/fuzz/fuzz.h"
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>

int luaopen_ironclad_core(lua_State *L);

/* Ends the target when this does not hold, with the message on the top of the stack. */
static inline void fuzz_must(lua_State *L, bool good) {
    if (good) return;
    fprintf(stderr, "does not hold: %s\n", lua_tostring(L, -1));
    abort();
}

/* Calls a function with the arguments above it. It must not fail. */
static inline void fuzz_call(lua_State *L, int arguments, int results) {
    fuzz_must(L, lua_pcall(L, arguments, results, 0) == 0);
}

/* Pushes the function that the script returns onto the empty stack of the target's Lua state, which finds the
 * modules of src. The first call makes the state and runs the script; the state lives until the process ends.
 */
static inline lua_State *fuzz_lua(const char *script) {
    static lua_State *L;
    static int function;
    if (!L) {
        L = luaL_newstate();
        luaL_openlibs(L);
        lua_getglobal(L, "package");
        lua_getfield(L, -1, "preload");
        lua_pushcfunction(L, luaopen_ironclad_core);
        lua_setfield(L, -2, "ironclad.core");
        lua_pushliteral(L, "src/?.lua;src/?/init.lua"); /* run from the root of the repository */
        lua_setfield(L, -3, "path");
        lua_settop(L, 0);
        fuzz_must(L, luaL_loadstring(L, script) == 0);
        fuzz_call(L, 0, 1);
        function = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, function);
    return L;
}

#endif
