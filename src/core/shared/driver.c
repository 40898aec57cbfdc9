#include "core/shared/driver.h"
#include <stdatomic.h>

static _Atomic(const ic_redis_driver *) driver_in_use;

bool ic_redis_driver_use(const ic_redis_driver *driver) {
    if (driver->version != IC_REDIS_DRIVER_VERSION) return false;
    atomic_store(&driver_in_use, driver);
    return true;
}

const ic_redis_driver *ic_redis_driver_in_use(void) {
    return atomic_load(&driver_in_use);
}
