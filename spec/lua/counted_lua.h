/* An allocator for Lua states that counts the blocks they hold, and refuses when the test says so. */
#ifndef IC_SPEC_COUNTED_LUA_H
#define IC_SPEC_COUNTED_LUA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static long lua_held; /* blocks */

/* The test's: whether the allocation that is about to be made fails. */
static bool lua_refuses(void);

/* A lua_Alloc. */
static void *lua_allocate(void *unused, void *block, size_t old_size, size_t new_size) {
    (void)unused;
    if (new_size == 0) {
        if (block) lua_held--;
        free(block);
        return NULL;
    }
    bool grows = !block || new_size > old_size; /* Lua relies on shrinking */
    if (grows && lua_refuses()) return NULL;
    void *result = realloc(block, new_size);
    if (result && !block) lua_held++;
    return result;
}

#endif
