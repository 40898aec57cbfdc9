/* Whether a request goes through the connection's proxy. Decided here and not by libcurl, whose rules for
 * no_proxy differ between versions, so that an error only names the proxy when it was used. */
#ifndef IC_PROXY_H
#define IC_PROXY_H

#include <stdbool.h>

/* Sets `applies`. False when out of memory. `proxy` (NULL: none) and `url` are URLs. `no_proxy` (NULL: none)
 * is a list of hosts that are reached directly, separated by commas or spaces: a name, which stands for its
 * subdomains too, with or without a leading dot; an address; a network such as "10.0.0.0/8"; or "*" for every
 * host. Plain http to this machine never goes through a proxy on another one. */
bool ic_proxy_applies(const char *proxy, const char *no_proxy, const char *url, bool *applies);

#endif
