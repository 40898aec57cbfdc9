#include "core/http/redirect.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include <string.h>
#include <strings.h>

#define FOLLOWED_MAX 5

bool ic_redirect_moves(long status) {
    return (status >= 300 && status <= 303) || status == 307 || status == 308;
}

bool ic_redirect_refuse(long status, const char *why, ic_error *error) {
    ic_error_set(error, IC_ERR_PROTOCOL, "the answer was a redirect (%ld) %s", status, why);
    error->status = status;
    return false;
}

/* A redirect never leads from https to plain http. From http it may lead wherever a connection is allowed. */
static bool redirect_check(const ic_redirect *redirect, const char *url, ic_error *error) {
    bool falls = ic_text_starts(redirect->from, "https:") && !ic_text_starts(url, "https:");
    const char *objection = ic_url_objection(url, redirect->allow_http);
    if (objection == ic_url_unchecked) return ic_error_memory(error), false;
    return (!falls && !objection) ||
           ic_redirect_refuse(redirect->status, "to a URL that is not https", error);
}

static bool redirect_to(const ic_redirect *redirect, const char *url, ic_redirect_target *target,
                        ic_error *error) {
    size_t length = strlen(redirect->origin);
    bool home = !redirect->foreign && strncasecmp(url, redirect->origin, length) == 0 && url[length] == '/';
    if (!home && !redirect->download)
        return ic_redirect_refuse(redirect->status, "to another host, which this call must not be sent to",
                                  error);
    if (!home && !redirect_check(redirect, url, error)) return false;
    target->foreign = !home;
    target->text = ic_strdup(home ? url + length : url);
    if (!target->text) ic_error_memory(error);
    return target->text != NULL;
}

bool ic_redirect_follow(const ic_redirect *redirect, const char *location, ic_redirect_target *target,
                        ic_error *error) {
    if (!location || !*location) return ic_redirect_refuse(redirect->status, "without a Location", error);
    if (redirect->followed >= FOLLOWED_MAX)
        return ic_redirect_refuse(redirect->status, "for the sixth time", error);
    char *url;
    ic_url_state state = ic_url_resolve(redirect->from, location, &url);
    if (state == IC_URL_NO_MEMORY) return ic_error_memory(error), false;
    if (state == IC_URL_INVALID)
        return ic_redirect_refuse(redirect->status, "to something that is not a URL", error);
    bool follows = redirect_to(redirect, url, target, error);
    ic_free(url);
    return follows;
}
