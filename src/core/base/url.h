/* Addresses that others name: in redirects, links and callers' hands. */
#ifndef IC_URL_H
#define IC_URL_H

#include <stdbool.h>

/* The absolute URL that `location` means, seen from `base`, without a fragment (free with ic_free); NULL when
 * it is none, or without memory. */
char *ic_url_resolve(const char *base, const char *location);
/* What speaks against fetching it: it must be https, or plain http to this machine, or anywhere with
 * allow_http; and hold no user name or password. NULL: nothing. */
const char *ic_url_objection(const char *url, bool allow_http);
/* Whether a host (an IPv6 address in brackets) is this machine. */
bool ic_host_is_loopback(const char *host);

#endif
