#include "core/http/instance.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include <ctype.h>
#include <string.h>

/* Short names of Ironclad's hosts (OpenAPI documents, `servers`; preview: the Power Platform connector). */
static const char *const instance_short_names[] = {"na1", "eu1", "demo", "preview", NULL};

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
    char hint[IC_HINT_SIZE];
    ic_error_set(
        error, IC_ERR_ARGUMENT,
        "instance: \"%s\" is not a host, and not one of the short names na1, eu1, demo and preview%s",
        instance, ic_nearest_hint(hint, search.best));
    return NULL;
}

/* NULL: nothing to object to. */
static const char *instance_objection(const ic_url *url, bool allow_http) {
    if (!url->scheme || !url->host || !*url->host) return "no host in it";
    if (url->user || url->password) return "must not hold a user name or password";
    if (url->query || url->fragment || (url->path && strcmp(url->path, "/") != 0))
        return "give the host only, without a path";
    bool is_http = strcmp(url->scheme, "http") == 0;
    if (!is_http && strcmp(url->scheme, "https") != 0) return "must be https";
    if (is_http && !allow_http && !ic_host_is_loopback(url->host))
        return "plain http goes only to this machine (allow_http = true permits it elsewhere)";
    return NULL;
}

/* The port, unless it is the scheme's own. */
static const char *instance_port(const ic_url *url) {
    const char *own = strcmp(url->scheme, "http") == 0 ? "80" : "443";
    return url->port && strcmp(url->port, own) != 0 ? url->port : NULL;
}

static char *instance_origin(const ic_url *url, ic_error *error) {
    ic_buf text = {0};
    const char *port = instance_port(url);
    ic_buf_printf(&text, "%s://%s%s%s", url->scheme, url->host, port ? ":" : "", port ? port : "");
    char *origin = ic_buf_take(&text, NULL);
    if (!origin) ic_error_memory(error);
    /* Every spelling of a host shares one token and one budget. */
    for (char *at = origin; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return origin;
}

char *ic_host_origin(const char *option, const char *host, bool allow_http, ic_error *error) {
    ic_error_clear(error);
    char *origin = NULL;
    ic_url url;
    ic_url_state state = ic_url_split(host, true, &url);
    const char *objection = state == IC_URL_GOOD ? instance_objection(&url, allow_http) : "not a host or URL";
    /* What stands before an @ may be a password. */
    bool shown = state != IC_URL_GOOD && !strchr(host, '@');
    if (state == IC_URL_NO_MEMORY)
        ic_error_memory(error);
    else if (objection)
        ic_error_set(error, IC_ERR_ARGUMENT, shown ? "%s: %s: \"%s\"" : "%s: %s", option, objection, host);
    else
        origin = instance_origin(&url, error);
    ic_url_free(&url);
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
