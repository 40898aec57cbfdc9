#include "core/base/url.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

char *ic_url_resolve(const char *base, const char *location) {
    char *found = NULL;
    CURLU *url = curl_url();
    if (url && curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, location, CURLU_URLENCODE) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
        curl_url_get(url, CURLUPART_URL, &found, CURLU_NO_DEFAULT_PORT);
    char *absolute = ic_strdup(found);
    curl_free(found);
    curl_url_cleanup(url);
    return absolute;
}

bool ic_host_is_loopback(const char *host) {
    struct in_addr address;
    if (ic_text_same(host, "localhost") || strcmp(host, "[::1]") == 0) return true;
    return inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

const char *ic_url_objection(const char *text, bool allow_http) {
    char *scheme = NULL, *host = NULL, *user = NULL, *password = NULL;
    const char *objection = NULL;
    CURLU *url = curl_url();
    if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host)
        objection = "is not a URL such as \"https://host/path\"";
    else if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK ||
             curl_url_get(url, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK)
        objection = "must not hold a user name or password";
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        objection = "must be https";
    else if (strcmp(scheme, "http") == 0 && !allow_http && !ic_host_is_loopback(host))
        objection =
            "must be https: plain http goes only to this machine (allow_http = true permits it elsewhere)";
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(password);
    curl_url_cleanup(url);
    return objection;
}
