/* URLs that come from outside: redirects, links and arguments. */
#ifndef IC_URL_H
#define IC_URL_H

#include <stdbool.h>

/* The parts of a URL, as it spells them; NULL: it has none. The user's name and password are decoded. */
typedef struct ic_url {
    char *scheme, *user, *password, *host, *port, *path, *query, *fragment;
} ic_url;

typedef enum ic_url_state {
    IC_URL_GOOD,
    IC_URL_INVALID,
    IC_URL_NO_MEMORY, /* and not that the URL is invalid or lacks a part */
} ic_url_state;

/* `guess`: a text without a scheme is an https URL. Free `url` with ic_url_free, whatever is returned. */
ic_url_state ic_url_split(const char *text, bool guess, ic_url *url);
void ic_url_free(ic_url *url);

/* Resolves `location` against `base` and drops the fragment. When the state is good, `absolute` is the URL
 * (free with ic_free); otherwise it is NULL. */
ic_url_state ic_url_resolve(const char *base, const char *location, char **absolute);
/* Returns why the URL must not be fetched, as a static text that begins with a verb, or NULL when it may be.
 * A URL must be https and hold no user name or password. Plain http is allowed to this machine, and with
 * allow_http to any. Returns ic_url_unchecked when there is no memory to find out. */
const char *ic_url_objection(const char *url, bool allow_http);
extern const char ic_url_unchecked[];
/* Whether a host name is this machine's: localhost, 127.0.0.0/8 or [::1]. */
bool ic_host_is_loopback(const char *host);

#endif
