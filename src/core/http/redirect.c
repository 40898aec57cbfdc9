#include "core/http/redirect.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include <string.h>
#include <strings.h>

#define MOST 5

static ic_redirect refuse(ic_error *error, long status, const char *why) {
    ic_error_set(error, IC_ERR_PROTOCOL, "the answer was a redirect (%ld) %s", status, why);
    error->status = status;
    return IC_REDIRECT_REFUSE;
}

/* Never from https to plain http; from http to what a connection may be made to. */
static bool is_safe(const ic_call *call, const char *from, const char *url) {
    if (ic_text_starts(from, "https:") && !ic_text_starts(url, "https:")) return false;
    return !ic_url_objection(url, call->connection->settings.allow_http);
}

static ic_redirect go(ic_call *call, const char *from, char *url, ic_error *error) {
    const char *origin = call->connection->origin;
    size_t length = strlen(origin);
    bool home = !call->elsewhere && !call->request.absolute && strncasecmp(url, origin, length) == 0 &&
                url[length] == '/';
    long status = call->response.status;
    if (!home && call->request.answer != IC_ANSWER_BYTES && call->options.output == IC_TO_MEMORY)
        return refuse(error, status, "to another host, where nothing of this call is sent");
    if (!home && !is_safe(call, from, url)) return refuse(error, status, "to a place that is not https");
    char *copy = ic_strdup(home ? url + length : url);
    if (!copy) {
        ic_error_memory(error);
        return IC_REDIRECT_REFUSE;
    }
    char **slot = home ? &call->request.target : &call->elsewhere;
    ic_free(*slot);
    *slot = copy;
    return IC_REDIRECT_FOLLOW;
}

ic_redirect ic_redirect_to(ic_call *call, const char *location, ic_error *error) {
    long status = call->response.status;
    if (call->redirects++ == MOST) return refuse(error, status, "for the sixth time");
    ic_buf base = {0};
    ic_call_url(call, &base);
    const char *from = ic_buf_text(&base);
    char *url = from ? ic_url_resolve(from, location) : NULL;
    ic_redirect where =
        url ? go(call, from, url, error) : refuse(error, status, "to something that is not a URL");
    ic_free(url);
    ic_buf_free(&base);
    return where;
}

ic_redirect ic_redirect_follow(ic_call *call, ic_error *error) {
    char location[8192];
    long status = call->response.status;
    if (call->request.method != IC_GET) return refuse(error, status, "of a request that is not a read");
    if (!ic_response_header(&call->response, "Location", location, sizeof location))
        return refuse(error, status, "without a Location");
    if (strlen(location) + 1 == sizeof location) return refuse(error, status, "to an overlong URL");
    return ic_redirect_to(call, location, error);
}
