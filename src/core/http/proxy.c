#include "core/http/proxy.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 256

typedef struct proxy_place {
    char host[HOST_MAX]; /* "": unknown */
    bool is_http;        /* the scheme is http */
} proxy_place;

/* The host of a URL. False when out of memory. */
static bool proxy_find(const char *text, proxy_place *place) {
    ic_url url;
    ic_url_state state = ic_url_split(text, false, &url);
    bool known = state == IC_URL_GOOD && url.scheme && url.host && strlen(url.host) < HOST_MAX;
    *place = (proxy_place){.is_http = known && ic_text_same(url.scheme, "http")};
    if (known) strcpy(place->host, url.host);
    ic_url_free(&url);
    return state != IC_URL_NO_MEMORY;
}

static bool proxy_same_network(const char *a, const char *b, int family, int bits) {
    unsigned char left[16], right[16];
    int most = family == AF_INET ? 32 : 128;
    if (bits < 0) bits = most;
    if (bits > most || inet_pton(family, a, left) != 1 || inet_pton(family, b, right) != 1) return false;
    int whole = bits / 8, rest = bits % 8;
    return memcmp(left, right, (size_t)whole) == 0 &&
           (!rest || (left[whole] ^ right[whole]) >> (8 - rest) == 0);
}

/* Whether one entry of no_proxy stands for the host. */
static bool proxy_entry_matches(const char *entry, const char *host) {
    char address[HOST_MAX];
    const char *slash = strchr(entry, '/');
    int bits = slash ? atoi(slash + 1) : -1;
    snprintf(address, sizeof address, "%.*s", slash ? (int)(slash - entry) : (int)strlen(entry), entry);
    if (proxy_same_network(host, address, AF_INET, bits) || proxy_same_network(host, address, AF_INET6, bits))
        return true;
    if (*entry == '.') entry++;
    size_t length = strlen(entry), host_length = strlen(host);
    if (!length || length > host_length || !ic_text_same(host + host_length - length, entry)) return false;
    return length == host_length || host[host_length - length - 1] == '.';
}

static void proxy_strip(char *host) {
    size_t length = strlen(host);
    if (length > 2 && *host == '[' && host[length - 1] == ']') {
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    } else if (length > 1 && host[length - 1] == '.') {
        host[length - 1] = '\0';
    }
}

static bool proxy_is_excluded(const char *no_proxy, const char *given) {
    char host[HOST_MAX], entry[HOST_MAX];
    strcpy(host, given);
    proxy_strip(host);
    for (size_t length; *no_proxy; no_proxy += length) {
        no_proxy += strspn(no_proxy, ", ");
        length = strcspn(no_proxy, ", ");
        if (!length || length >= sizeof entry) continue;
        memcpy(entry, no_proxy, length);
        entry[length] = '\0';
        proxy_strip(entry);
        if (strcmp(entry, "*") == 0 || proxy_entry_matches(entry, host)) return true;
    }
    return false;
}

bool ic_proxy_applies(const char *proxy, const char *no_proxy, const char *url, bool *applies) {
    proxy_place target, through;
    *applies = false;
    if (!proxy) return true;
    if (!proxy_find(url, &target) || !proxy_find(proxy, &through)) return false;
    if (*target.host && no_proxy && proxy_is_excluded(no_proxy, target.host)) return true;
    bool stays = *target.host && target.is_http && ic_host_is_loopback(target.host);
    *applies = !stays || ic_host_is_loopback(through.host);
    return true;
}
