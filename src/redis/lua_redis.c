/* The module ironclad.redis: the driver for Redis, as ironclad.core takes it. */
#include "core/base/platform.h"
#include "lua/compat.h"
#include "redis/driver.h"
#include <lauxlib.h>

/* The module is the driver's address, a light userdata: ironclad.core's shared_driver() takes it. */
__attribute__((visibility("default"))) int luaopen_ironclad_redis(lua_State *L) {
    ic_stay_loaded();
    lua_pushlightuserdata(L, (void *)ic_hiredis_driver());
    return 1;
}
