#include "core/http/redirect.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include <string.h>
#include <strings.h>

#define FOLLOWED_MAX 5

bool ic_redirect_refuse(long status, const char *why, ic_error *error) {
    ic_error_set(error, IC_ERR_PROTOCOL, "the answer was a redirect (%ld) %s", status, why);
    error->status = status;
    return false;
}

/* A redirect never leads from https to plain http. From http it may lead wherever a connection is allowed. */
static bool redirect_is_safe(const ic_redirect *redirect, const char *url) {
    if (ic_text_starts(redirect->from, "https:") && !ic_text_starts(url, "https:")) return false;
    return !ic_url_objection(url, redirect->allow_http);
}

static bool redirect_to(const ic_redirect *redirect, const char *url, ic_redirect_target *target,
                        ic_error *error) {
    size_t length = strlen(redirect->origin);
    bool home = !redirect->foreign && strncasecmp(url, redirect->origin, length) == 0 && url[length] == '/';
    if (!home && !redirect->download)
        return ic_redirect_refuse(redirect->status, "to another host, which this call must not be sent to",
                                  error);
    if (!home && !redirect_is_safe(redirect, url))
        return ic_redirect_refuse(redirect->status, "to a URL that is not https", error);
    target->foreign = !home;
    target->text = ic_strdup(home ? url + length : url);
    if (!target->text) ic_error_memory(error);
    return target->text != NULL;
}

bool ic_redirect_follow(const ic_redirect *redirect, const char *location, ic_redirect_target *target,
                        ic_error *error) {
    if (!location) return ic_redirect_refuse(redirect->status, "without a Location", error);
    if (redirect->followed >= FOLLOWED_MAX)
        return ic_redirect_refuse(redirect->status, "for the sixth time", error);
    char *url = ic_url_resolve(redirect->from, location);
    bool follows = url ? redirect_to(redirect, url, target, error)
                       : ic_redirect_refuse(redirect->status, "to something that is not a URL", error);
    ic_free(url);
    return follows;
}
