/* URLs that come from outside: redirects, links and arguments. */
#ifndef IC_URL_H
#define IC_URL_H

#include <stdbool.h>

/* Resolves `location` against `base` and drops the fragment. Returns the absolute URL (free with ic_free), or
 * NULL when it is not a URL or when out of memory. */
char *ic_url_resolve(const char *base, const char *location);
/* Returns why the URL must not be fetched, as a static text that begins with a verb, or NULL when it may be.
 * A URL must be https and hold no user name or password. Plain http is allowed to this machine, and with
 * allow_http to any. */
const char *ic_url_objection(const char *url, bool allow_http);
/* Whether a host name is this machine's: localhost, 127.0.0.0/8 or [::1]. */
bool ic_host_is_loopback(const char *host);

#endif
