#include "sandbox/webhooks/target.h"
#include "core/base/text.h"
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

bool ic_target_is_local(const char *url) {
    CURLU *parts = curl_url();
    char *host = NULL;
    bool local = false;
    if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        size_t length = strlen(host), suffix = strlen(".localhost");
        int octets[3], read = 0;
        local = ic_text_same(host, "localhost") || strcmp(host, "[::1]") == 0 ||
                (length > suffix && ic_text_same(host + length - suffix, ".localhost")) ||
                (sscanf(host, "127.%d.%d.%d%n", &octets[0], &octets[1], &octets[2], &read) == 3 &&
                 (size_t)read == length);
    }
    curl_free(host);
    curl_url_cleanup(parts);
    return local;
}
