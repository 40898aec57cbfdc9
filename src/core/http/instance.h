/* The hosts that a connection uses, from its options. */
#ifndef IC_INSTANCE_H
#define IC_INSTANCE_H

#include "core/base/error.h"
#include <stdbool.h>

/* "na1", "https://host:8443/", "host" -> "https://host:8443" (free with ic_free). Refuses user info, path,
 * query and fragment, and plain http to other than loopback without allow_http. NULL with ARGUMENT or MEMORY.
 */
char *ic_instance_origin(const char *instance, bool allow_http, ic_error *error);
/* The same without short names, for the value of any option; messages begin with the option's name. */
char *ic_host_origin(const char *option, const char *host, bool allow_http, ic_error *error);

#endif
