/* What is installed as ironclad/core.so, on Linux: it loads the binding, ironclad/binding.so, which is linked
 * with libcurl and the 30 libraries behind it. Lua loads a module with RTLD_NOW, and the linker then looks up
 * every function of all of them. Most are never called: with RTLD_LAZY a start takes 3 million instructions
 * less. */
#include <dlfcn.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BINDING "binding.so"

__attribute__((visibility("default"))) int luaopen_ironclad_core(lua_State *L);

/* The path of the binding, in the folder of this file. False: there is none, or it is too long. */
static bool core_find_binding(char *path, size_t size) {
    static const char inside;
    Dl_info about;
    if (!dladdr(&inside, &about) || !about.dli_fname) return false;
    const char *end = strrchr(about.dli_fname, '/');
    int folder = end ? (int)(end + 1 - about.dli_fname) : 0;
    int length = snprintf(path, size, "%.*s%s", folder, about.dli_fname, folder ? BINDING : "./" BINDING);
    return length > 0 && (size_t)length < size;
}

/* The binding stays loaded: it is linked with -z nodelete. */
int luaopen_ironclad_core(lua_State *L) {
    char path[4096];
    lua_CFunction open;
    if (!core_find_binding(path, sizeof path))
        return luaL_error(L, "ironclad: cannot find ironclad/" BINDING);
    void *binding = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!binding) return luaL_error(L, "ironclad: %s", dlerror());
    *(void **)&open = dlsym(binding, "luaopen_ironclad_core");
    if (!open) return luaL_error(L, "ironclad: %s", dlerror());
    return open(L);
}
