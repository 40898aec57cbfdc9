/* The targets of deliveries. */
#ifndef IC_SANDBOX_TARGET_H
#define IC_SANDBOX_TARGET_H

#include <stdbool.h>

/* Whether a URL's host is this machine, judged by its text. */
bool ic_target_is_local(const char *url);

#endif
