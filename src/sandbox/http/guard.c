/* Two kinds of requests are refused here.
 *
 * Too long: with Ironclad's error shape, below the limits at which libmicrohttpd answers by itself.
 *
 * Sent by another site's web page. A page that a developer visits can send requests to this machine. The
 * browser marks them in Origin (RFC 6454), Sec-Fetch-Site (W3C Fetch Metadata), and Host, which has the name
 * of the page's own server. A page whose server's name is made to point at this machine (DNS rebinding) has
 * that name as Host, so only addresses, names of this machine, and the host that the sandbox was started with
 * are served. */
#include "sandbox/http/guard.h"
#include "core/base/text.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TARGET_MAX  ((size_t)96 * 1024) /* bytes of path and query */
#define HEADERS_MAX ((size_t)64 * 1024) /* bytes of the header block */
#define HOST_MAX    255

/* --- length --- */

static bool guard_check_length(ic_exchange *x) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t target = strlen(x->target), headers = info ? info->header_size : 0;
    if (target > TARGET_MAX)
        ic_reply_error(x, 414, "INVALID_PARAM", NULL, "the request's URL is longer than %zu bytes",
                       TARGET_MAX);
    else if (headers > target && headers - target > HEADERS_MAX)
        ic_reply_error(x, 431, "INVALID_PARAM", NULL, "the request's headers are longer than %zu bytes",
                       HEADERS_MAX);
    else
        return true;
    return false;
}

/* --- Host --- */

/* Copies the host of "host:port" or "[address]:port" without brackets and port. */
static bool guard_host_name(const char *header, char name[HOST_MAX + 1]) {
    size_t skip = *header == '[', length = strcspn(header + skip, skip ? "]" : ":");
    if (!length || length > HOST_MAX) return false;
    memcpy(name, header + skip, length);
    name[length] = '\0';
    return true;
}

static bool guard_is_address(const char *name) {
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

static bool guard_is_loopback(const char *name) {
    return ic_text_same(name, "localhost") || strcmp(name, "::1") == 0 ||
           (strncmp(name, "127.", 4) == 0 && guard_is_address(name));
}

static bool guard_is_wildcard(const char *host) {
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* A sandbox that listens on all addresses is reached by any of them, or by this machine's name. */
static bool guard_is_own_host(const char *name, const char *host) {
    char machine[HOST_MAX + 1] = "";
    if (guard_is_loopback(name) || ic_text_same(name, host)) return true;
    if (!guard_is_wildcard(host)) return false;
    return guard_is_address(name) ||
           (gethostname(machine, sizeof machine - 1) == 0 && ic_text_same(name, machine));
}

/* Browsers always send Host. */
static bool guard_check_host(ic_exchange *x, const char *host) {
    const char *header = ic_exchange_header(x, MHD_HTTP_HEADER_HOST);
    char name[HOST_MAX + 1];
    if (!header || (guard_host_name(header, name) && guard_is_own_host(name, host))) return true;
    ic_reply_error(
        x, 403, "FORBIDDEN", NULL,
        "the sandbox is not called '%.100s': reach it by localhost, 127.0.0.1, or the host that it "
        "was started with",
        header);
    return false;
}

/* --- Origin --- */

static bool guard_is_own_origin(const ic_exchange *x, const char *origin) {
    const char *host = ic_exchange_header(x, MHD_HTTP_HEADER_HOST), *rest = strstr(origin, "://");
    return host && rest && ic_text_same(rest + 3, host);
}

/* Other sites may link to a page and send the browser there, as an app does with the consent page. A
 * navigation by GET changes nothing, and only the user sees its answer. */
static bool guard_is_navigation(const ic_exchange *x) {
    const char *mode = ic_exchange_header(x, "Sec-Fetch-Mode");
    return mode && ic_text_same(mode, "navigate") && strcmp(x->verb, "GET") == 0;
}

static bool guard_check_origin(ic_exchange *x, bool is_control) {
    const char *origin = ic_exchange_header(x, "Origin"), *site = ic_exchange_header(x, "Sec-Fetch-Site");
    bool foreign = origin && !guard_is_own_origin(x, origin);
    /* A page without a referrer sends its own forms with "Origin: null". */
    if (site) foreign = !ic_text_same(site, "same-origin") && (!ic_text_same(site, "none") || foreign);
    if (!foreign || (!is_control && !origin && guard_is_navigation(x))) return true;
    ic_reply_error(x, 403, "FORBIDDEN", NULL,
                   "the sandbox takes no requests from web pages of others (Origin: %.200s)",
                   origin ? origin : "none");
    return false;
}

bool ic_guard_admits(ic_exchange *x, const char *host, bool is_control) {
    return guard_check_length(x) && guard_check_host(x, host) && guard_check_origin(x, is_control);
}
