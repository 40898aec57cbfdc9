#include "redirect.h"
#include "alloc.h"
#include "text.h"
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define MOST 5

/* The absolute URL that `location` means, seen from where the call was sent (free with curl_free). */
static char *resolve(const ic_call *call, const char *location) {
    ic_buf base = {0};
    char *absolute = NULL;
    CURLU *url = curl_url();
    if (call->elsewhere)
        ic_buf_puts(&base, call->elsewhere);
    else
        ic_buf_printf(&base, "%s%s", call->connection->origin, call->request.target);
    const char *from = ic_buf_text(&base);
    if (url && from && curl_url_set(url, CURLUPART_URL, from, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, location, CURLU_URLENCODE) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
        curl_url_get(url, CURLUPART_URL, &absolute, CURLU_NO_DEFAULT_PORT);
    curl_url_cleanup(url);
    ic_buf_free(&base);
    return absolute;
}

static ic_redirect refuse(ic_error *error, long status, const char *why) {
    ic_error_set(error, IC_ERR_PROTOCOL, "the answer was a redirect (%ld) %s", status, why);
    error->status = status;
    return IC_REDIRECT_REFUSE;
}

static ic_redirect go(ic_call *call, const char *url, ic_error *error) {
    const char *origin = call->connection->origin;
    size_t length = strlen(origin);
    bool home = strncasecmp(url, origin, length) == 0 && url[length] == '/';
    long status = call->response.status;
    if (!home && call->request.answer != IC_ANSWER_BYTES && call->options.output == IC_TO_MEMORY)
        return refuse(error, status, "to another host, where nothing of this call is sent");
    if (!home && !ic_text_starts(url, "https://"))
        return refuse(error, status, "to a place that is not https");
    char *copy = ic_strdup(home && !call->elsewhere ? url + length : url);
    if (!copy) {
        ic_error_memory(error);
        return IC_REDIRECT_REFUSE;
    }
    char **slot = home && !call->elsewhere ? &call->request.target : &call->elsewhere;
    ic_free(*slot);
    *slot = copy;
    return IC_REDIRECT_FOLLOW;
}

ic_redirect ic_redirect_follow(ic_call *call, ic_error *error) {
    char location[8192];
    long status = call->response.status;
    if (call->request.method != IC_GET) return refuse(error, status, "of a request that is not a read");
    if (!ic_response_header(&call->response, "Location", location, sizeof location))
        return refuse(error, status, "without a Location");
    if (strlen(location) + 1 == sizeof location) return refuse(error, status, "to an overlong URL");
    if (call->redirects++ == MOST) return refuse(error, status, "for the sixth time");
    char *url = resolve(call, location);
    if (!url) return refuse(error, status, "to something that is not a URL");
    ic_redirect where = go(call, url, error);
    curl_free(url);
    return where;
}
