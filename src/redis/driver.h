/* The driver for Redis (core/shared/driver.h) on hiredis's asynchronous interface. */
#ifndef IC_REDIS_DRIVER_H
#define IC_REDIS_DRIVER_H

#include "core/shared/driver.h"

/* Static. */
const ic_redis_driver *ic_hiredis_driver(void);

#endif
