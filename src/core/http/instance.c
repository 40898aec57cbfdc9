#include "core/http/instance.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

/* Short names of Ironclad's hosts (OpenAPI documents, `servers`; preview: the Power Platform connector). */
static const char *const instance_short_names[] = {"na1", "eu1", "demo", "preview", NULL};

static char *instance_part(CURLU *url, CURLUPart which, unsigned flags) {
    char *text = NULL;
    return curl_url_get(url, which, &text, flags) == CURLUE_OK ? text : NULL;
}

/* "na1" -> "na1.ironcladapp.com". A name with a dot or colon, and localhost, stays unchanged. */
static char *instance_full_name(const char *instance, ic_error *error) {
    if (strpbrk(instance, ".:/[") || ic_text_same(instance, "localhost")) return ic_strdup(instance);
    ic_nearest search = {.wanted = instance};
    for (int i = 0; instance_short_names[i]; i++) {
        ic_nearest_offer(&search, instance_short_names[i]);
        if (!ic_text_same(instance, instance_short_names[i])) continue;
        ic_buf name = {0};
        ic_buf_printf(&name, "%s.ironcladapp.com", instance_short_names[i]);
        return ic_buf_take(&name, NULL);
    }
    ic_error_set(
        error, IC_ERR_ARGUMENT,
        "instance: \"%s\" is not a host, and not one of the short names na1, eu1, demo and preview%s%s%s",
        instance, search.best ? "; did you mean \"" : "", search.best ? search.best : "",
        search.best ? "\"?" : "");
    return NULL;
}

/* NULL: nothing to object to. */
static const char *instance_objection(CURLU *url, const char *scheme, const char *host, bool allow_http) {
    char *user = instance_part(url, CURLUPART_USER, 0), *password = instance_part(url, CURLUPART_PASSWORD, 0);
    char *path = instance_part(url, CURLUPART_PATH, 0), *query = instance_part(url, CURLUPART_QUERY, 0);
    char *fragment = instance_part(url, CURLUPART_FRAGMENT, 0);
    const char *message = NULL;
    if (user || password)
        message = "must not hold a user name or password";
    else if (query || fragment || (path && strcmp(path, "/") != 0))
        message = "give the host only, without a path";
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        message = "must be https";
    else if (strcmp(scheme, "http") == 0 && !allow_http && !ic_host_is_loopback(host))
        message = "plain http goes only to this machine (allow_http = true permits it elsewhere)";
    curl_free(user);
    curl_free(password);
    curl_free(path);
    curl_free(query);
    curl_free(fragment);
    return message;
}

static char *instance_origin(CURLU *url, const char *option, bool allow_http, ic_error *error) {
    char *scheme = instance_part(url, CURLUPART_SCHEME, 0), *host = instance_part(url, CURLUPART_HOST, 0);
    char *port = instance_part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    char *origin = NULL;
    const char *message =
        scheme && host && *host ? instance_objection(url, scheme, host, allow_http) : "no host in it";
    if (message) {
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: %s", option, message);
    } else {
        ic_buf text = {0};
        ic_buf_printf(&text, "%s://%s%s%s", scheme, host, port ? ":" : "", port ? port : "");
        origin = ic_buf_take(&text, NULL);
        if (!origin) ic_error_memory(error);
        /* Every spelling of a host shares one token and one budget. */
        for (char *at = origin; at && *at; at++)
            *at = (char)tolower((unsigned char)*at);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return origin;
}

char *ic_host_origin(const char *option, const char *host, bool allow_http, ic_error *error) {
    ic_error_clear(error);
    CURLU *url = curl_url();
    char *origin = NULL;
    if (!url)
        ic_error_memory(error);
    else if (curl_url_set(url, CURLUPART_URL, host, CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) !=
             CURLUE_OK)
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: not a host or URL", option);
    else
        origin = instance_origin(url, option, allow_http, error);
    curl_url_cleanup(url);
    return origin;
}

char *ic_instance_origin(const char *instance, bool allow_http, ic_error *error) {
    ic_error_clear(error);
    char *name = instance_full_name(instance, error);
    char *origin = name ? ic_host_origin("instance", name, allow_http, error) : NULL;
    if (!name && error->kind == IC_OK) ic_error_memory(error);
    ic_free(name);
    return origin;
}
