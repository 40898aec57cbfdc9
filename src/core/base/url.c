#include "core/base/url.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

const char ic_url_unchecked[] = "cannot be checked: out of memory";

static ic_url_state url_state(CURLUcode code) {
    if (code == CURLUE_OK) return IC_URL_GOOD;
    return code == CURLUE_OUT_OF_MEMORY ? IC_URL_NO_MEMORY : IC_URL_INVALID;
}

/* `missing` is libcurl's code for a URL without that part. */
static ic_url_state url_take(CURLU *from, CURLUPart which, CURLUcode missing, char **into) {
    bool decoded = which == CURLUPART_USER || which == CURLUPART_PASSWORD;
    CURLUcode code = curl_url_get(from, which, into, decoded ? CURLU_URLDECODE : 0);
    if (code != CURLUE_OK) *into = NULL;
    return code == missing ? IC_URL_GOOD : url_state(code);
}

static ic_url_state url_split(const char *text, bool guess, ic_url *url) {
    *url = (ic_url){0};
    const struct {
        CURLUPart which;
        CURLUcode missing;
        char **into;
    } parts[] = {{CURLUPART_SCHEME, CURLUE_NO_SCHEME, &url->scheme},
                 {CURLUPART_USER, CURLUE_NO_USER, &url->user},
                 {CURLUPART_PASSWORD, CURLUE_NO_PASSWORD, &url->password},
                 {CURLUPART_HOST, CURLUE_NO_HOST, &url->host},
                 {CURLUPART_PORT, CURLUE_NO_PORT, &url->port},
                 {CURLUPART_PATH, CURLUE_OK, &url->path},
                 {CURLUPART_QUERY, CURLUE_NO_QUERY, &url->query},
                 {CURLUPART_FRAGMENT, CURLUE_NO_FRAGMENT, &url->fragment}};
    CURLU *from = curl_url();
    if (!from) return IC_URL_NO_MEMORY;
    unsigned flags = CURLU_NON_SUPPORT_SCHEME | (guess ? CURLU_DEFAULT_SCHEME : 0);
    ic_url_state state = url_state(curl_url_set(from, CURLUPART_URL, text, flags));
    for (size_t i = 0; state == IC_URL_GOOD && i < sizeof parts / sizeof *parts; i++)
        state = url_take(from, parts[i].which, parts[i].missing, parts[i].into);
    curl_url_cleanup(from);
    return state;
}

/* When libcurl has no memory for a user's name, it reports an invalid URL. So an invalid URL is parsed a
 * second time. */
ic_url_state ic_url_split(const char *text, bool guess, ic_url *url) {
    ic_url_state state = url_split(text, guess, url);
    if (state != IC_URL_INVALID) return state;
    ic_url_free(url);
    return url_split(text, guess, url);
}

void ic_url_free(ic_url *url) {
    char *const parts[] = {url->scheme, url->user, url->password, url->host,
                           url->port,   url->path, url->query,    url->fragment};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        curl_free(parts[i]);
    *url = (ic_url){0};
}

ic_url_state ic_url_resolve(const char *base, const char *location, char **absolute) {
    char *found = NULL;
    CURLU *url = curl_url();
    *absolute = NULL;
    if (!url) return IC_URL_NO_MEMORY;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, base, 0);
    /* Without a path or a query it is the same document (RFC 3986, 4.4). libcurl would take its folder. */
    if (code == CURLUE_OK && *location && *location != '#')
        code = curl_url_set(url, CURLUPART_URL, location, CURLU_URLENCODE);
    if (code == CURLUE_OK) code = curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    if (code == CURLUE_OK) code = curl_url_get(url, CURLUPART_URL, &found, CURLU_NO_DEFAULT_PORT);
    ic_url_state state = url_state(code);
    if (state == IC_URL_GOOD && !(*absolute = ic_strdup(found))) state = IC_URL_NO_MEMORY;
    curl_free(found);
    curl_url_cleanup(url);
    return state;
}

bool ic_host_is_loopback(const char *host) {
    struct in_addr address;
    if (ic_text_same(host, "localhost") || strcmp(host, "[::1]") == 0) return true;
    return inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

const char *ic_url_objection(const char *text, bool allow_http) {
    ic_url url;
    ic_url_state state = ic_url_split(text, false, &url);
    const char *objection = NULL;
    if (state == IC_URL_NO_MEMORY)
        objection = ic_url_unchecked;
    else if (state != IC_URL_GOOD || !url.scheme || !url.host || !*url.host)
        objection = "is not a URL such as \"https://host/path\"";
    else if (url.user || url.password)
        objection = "must not hold a user name or password";
    else if (strcmp(url.scheme, "https") != 0 && strcmp(url.scheme, "http") != 0)
        objection = "must be https";
    else if (strcmp(url.scheme, "http") == 0 && !allow_http && !ic_host_is_loopback(url.host))
        objection =
            "must be https: plain http goes only to this machine (allow_http = true permits it elsewhere)";
    ic_url_free(&url);
    return objection;
}
