/* The module's Lua files as bytecode, linked into the core.so that is installed. A Lua whose bytecode differs
 * takes the Lua files, which are installed too. */
#ifndef IC_LUA_CHUNKS_H
#define IC_LUA_CHUNKS_H

#include <lua.h>
#include <stddef.h>

typedef struct ic_chunk {
    const char *name; /* of the module, as in require "ironclad.client" */
    const unsigned char *bytes;
    size_t size;
} ic_chunk;

/* Made by src/compile.lua, or empty (chunks_none.c). The last one has no name. */
extern const ic_chunk ic_chunks[];
/* One chunk, and the source that it was compiled from; NULL when there are no chunks. */
extern const ic_chunk ic_chunks_probe[];
extern const char *const ic_chunks_probe_source;

/* Makes `require` find the chunks before the Lua files, if this Lua compiles the probe to the same bytes.
 * Sets `compiled` in the table at the top of the stack: whether it does. */
void ic_lua_open_chunks(lua_State *L);

#endif
