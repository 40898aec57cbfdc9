/* Linked into the core.so of the build's tree, where the Lua files are what is tested. */
#include "lua/chunks.h"

const ic_chunk ic_chunks[] = {{0}};
const ic_chunk ic_chunks_probe[] = {{0}};
const char *const ic_chunks_probe_source = NULL;
