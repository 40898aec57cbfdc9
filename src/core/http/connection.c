#include "core/http/connection.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/base/path.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/base/url.h"
#include "core/http/instance.h"
#include "core/json/json.h"
#include "core/json/json_text.h"
#include "core/shared/driver.h"
#include "core/shared/seal.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ic_connection_release(ic_connection *connection) {
    if (!connection || atomic_fetch_sub_explicit(&connection->references, 1, memory_order_acq_rel) > 1)
        return;
    ic_settings_clear(&connection->settings);
    ic_mailbox_release(connection->store_mailbox);
    ic_free(connection->origin);
    ic_free(connection->activity_origin);
    ic_free(connection->user_agent);
    ic_free(connection->ca_file);
    ic_free(connection->proxy);
    ic_free(connection->proxy_user);
    ic_free_secret(connection->proxy_password);
    ic_redactor_free(connection->redactor);
    for (int by = 0; by < IC_COUNTED_COUNT; by++)
        ic_free(connection->budget_keys[by]);
    ic_free(connection->token_key);
    ic_free(connection->store_key);
    ic_shared_address_clear(&connection->shared);
    ic_free(connection->shared_prefix);
    ic_free(connection);
}

static bool connection_refuse(ic_error *error, const char *message) {
    ic_error_set(error, IC_ERR_ARGUMENT, "%s", message);
    return false;
}

/* Without this check, a relative or misspelt path would only show up as a failed handshake. */
static bool connection_readable(const char *option, const char *path, bool folder, ic_error *error) {
    struct stat about;
    if (!path) return true;
    if (access(path, R_OK) != 0 || stat(path, &about) != 0)
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: cannot read %s", option, path);
    else if (folder != (bool)S_ISDIR(about.st_mode))
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: %s is %s folder", option, path, folder ? "no" : "a");
    else if (!folder && !S_ISREG(about.st_mode)) /* a pipe can be read once, and could block the engine */
        ic_error_set(error, IC_ERR_ARGUMENT, "%s: %s is not a regular file", option, path);
    else
        return true;
    return false;
}

/* Refuses credentials that the chosen token_auth cannot send. */
static bool connection_secret_fits(const ic_settings *settings, ic_error *error) {
    const char *how = ic_settings_choice(settings, "token_auth");
    size_t bad;
    if (strcmp(how, "json") == 0 && !ic_utf8_valid(settings->client_id, strlen(settings->client_id), &bad))
        return connection_refuse(
            error, "client_id: is not UTF-8, which JSON cannot carry (token_auth = \"form\" can)");
    if (strcmp(how, "json") == 0 &&
        !ic_utf8_valid(settings->client_secret, strlen(settings->client_secret), &bad))
        return connection_refuse(
            error, "client_secret: is not UTF-8, which JSON cannot carry (token_auth = \"form\" can)");
    if (strcmp(how, "basic") == 0 && strchr(settings->client_id, ':'))
        return connection_refuse(
            error, "client_id: holds a colon, which Basic cannot carry (token_auth = \"json\" can)");
    return true;
}

static bool connection_settings_personal(const ic_settings *settings) {
    return settings->refresh_token || (settings->grant && strcmp(settings->grant, "authorization_code") == 0);
}

static bool connection_check_clickwrap(const ic_settings *settings, ic_error *error) {
    if (!settings->environment && !(settings->activity_host && settings->rest_host))
        return connection_refuse(error, "environment: missing; expected \"production\" or \"demo\"");
    if (settings->site_access_id || settings->api_token) return true;
    return connection_refuse(
        error, "site_access_id: missing (or give an `api_token`, with which it is found); find it in "
               "Clickwrap under Settings, Site");
}

static bool connection_check_clm(const ic_settings *settings, ic_error *error) {
    if (!settings->instance)
        return connection_refuse(
            error, "instance: missing; give the host of your Ironclad, such as \"na1.ironcladapp.com\"");
    if (settings->token && (settings->client_id || settings->client_secret))
        return connection_refuse(error, "token: a static token goes without client_id and client_secret");
    if (!settings->token) {
        if (!settings->client_id)
            return connection_refuse(
                error, "client_id: missing (or give a static `token`); find it in Ironclad under "
                       "Company settings, API");
        if (!settings->client_secret)
            return connection_refuse(
                error, "client_secret: missing; find it in Ironclad under Company settings, API");
        if (!settings->as_user && !connection_settings_personal(settings))
            return connection_refuse(
                error, "as_user: missing; client credentials belong to a company, and Ironclad wants "
                       "the e-mail or id of the user to act as (as_user = false goes without)");
    }
    size_t bad;
    if (settings->as_user && !ic_utf8_valid(settings->as_user, strlen(settings->as_user), &bad))
        return connection_refuse(error, "as_user: must be UTF-8");
    if (settings->refresh_token && settings->grant && strcmp(settings->grant, "client_credentials") == 0)
        return connection_refuse(error, "refresh_token: goes with the authorization code grant");
    if (settings->token && settings->refresh_token)
        return connection_refuse(error, "token: a static token goes without refresh_token");
    return settings->token || connection_secret_fits(settings, error);
}

static bool connection_shared_key_fits(const char *text) {
    unsigned char key[IC_SEAL_KEY];
    bool fits = ic_seal_read_key(text, key);
    ic_wipe(key, sizeof key);
    return fits;
}

static bool connection_check_shared(const ic_settings *settings, ic_error *error) {
    if (settings->store && strcmp(settings->store, "shared") == 0 && !settings->shared)
        return connection_refuse(error, "store: \"shared\" goes with shared, the address of a Redis");
    if (settings->shared_key && !settings->shared)
        return connection_refuse(error, "shared_key: goes with shared");
    if (settings->shared_key && !connection_shared_key_fits(settings->shared_key))
        return connection_refuse(error,
                                 "shared_key: expected 32 bytes, as 64 hexadecimal digits or as base64");
    if (settings->shared_prefix && (!settings->shared || strpbrk(settings->shared_prefix, "{}")))
        return connection_refuse(error, settings->shared ? "shared_prefix: must not hold braces"
                                                         : "shared_prefix: goes with shared");
    if (settings->shared_client_key && !settings->shared_client_cert)
        return connection_refuse(error, "shared_client_key: goes with shared_client_cert");
    if (settings->shared_client_cert && (!settings->shared || !ic_text_starts(settings->shared, "rediss://")))
        return connection_refuse(error, "shared_client_cert: goes with shared = \"rediss://…\"");
    return connection_readable("shared_client_cert", settings->shared_client_cert, false, error) &&
           connection_readable("shared_client_key", settings->shared_client_key, false, error);
}

static bool connection_check_certificate(const ic_settings *settings, ic_error *error) {
    if (settings->client_key && !settings->client_cert)
        return connection_refuse(error, "client_key: goes with client_cert");
    if (settings->client_key_password && !settings->client_cert)
        return connection_refuse(error, "client_key_password: goes with client_cert");
    return connection_readable("client_cert", settings->client_cert, false, error) &&
           connection_readable("client_key", settings->client_key, false, error);
}

static bool connection_check(const ic_settings *settings, ic_error *error) {
    bool clickwrap = settings->product == IC_PRODUCT_CLICKWRAP;
    if (!(clickwrap ? connection_check_clickwrap : connection_check_clm)(settings, error)) return false;
    return connection_check_shared(settings, error) &&
           connection_readable("ca_file", settings->ca_file, false, error) &&
           connection_readable("ca_path", settings->ca_path, true, error) &&
           connection_check_certificate(settings, error);
}

/* Appends whose token it is. With a refresh token it is that token's digest. A person's token that is kept
 * in memory without a name belongs to this connection alone, because two people of one web site must never
 * share a token. */
static bool connection_describe_owner(const ic_connection *connection, ic_buf *owner) {
    static atomic_ulong last;
    const ic_settings *settings = &connection->settings;
    char digest[IC_SHA256_HEX];
    bool kept = settings->store || connection->store_mailbox || connection->shared_store;
    if (settings->refresh_token) {
        if (!ic_sha256(settings->refresh_token, strlen(settings->refresh_token), digest, NULL)) return false;
        ic_buf_printf(owner, "%.16s", digest);
    } else if (connection_settings_personal(settings) && !settings->name && !kept) {
        ic_buf_printf(owner, "#%lu", atomic_fetch_add(&last, 1) + 1);
    }
    return ic_buf_text(owner) != NULL;
}

/* The digest of the address with its password, and of the key: a client with another key is another one. */
static bool connection_digest_shared(const ic_settings *settings, char digest[IC_SHA256_HEX]) {
    ic_buf text = {0};
    ic_buf_printf(&text, "%s\n%s\n%s", settings->shared,
                  settings->shared_prefix ? settings->shared_prefix : "",
                  settings->shared_key ? settings->shared_key : "");
    bool good = !text.failed && ic_sha256(text.data, text.length, digest, NULL);
    if (text.data) ic_wipe(text.data, text.length);
    ic_buf_free(&text);
    return good;
}

/* One token for each host, grant, client id, digest of the secret, scopes, store, name, and way to reach the
 * host. The key in a store leaves out the secret, because it may change, and a person's scopes, because the
 * person decided on them at login. */
static bool connection_add_token_keys(ic_connection *connection) {
    const ic_settings *settings = &connection->settings;
    const char *grant = connection_settings_personal(settings) ? "authorization_code" : "client_credentials";
    char digest[IC_SHA256_HEX];
    ic_buf key = {0}, kept = {0}, owner = {0};
    if (!ic_sha256(settings->client_secret, strlen(settings->client_secret), digest, NULL)) return false;
    char shared[IC_SHA256_HEX] = "";
    if (!connection_describe_owner(connection, &owner)) return false;
    if (connection->shared_store && !connection_digest_shared(settings, shared)) return false;
    /* The key includes what is used to reach the token endpoint, so that one client's wrong proxy does not
     * affect another client. */
    const char *const parts[] = {connection->origin,
                                 grant,
                                 settings->client_id,
                                 digest,
                                 settings->scopes,
                                 settings->store,
                                 settings->name,
                                 ic_buf_text(&owner),
                                 connection->proxy,
                                 connection->proxy_user,
                                 connection->ca_file,
                                 settings->ca_path,
                                 settings->client_cert,
                                 settings->client_key,
                                 settings->token_auth,
                                 settings->no_proxy,
                                 connection->shared_store ? shared : NULL};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ic_buf_printf(&key, "%s\n", parts[i] ? parts[i] : "");
    ic_buf_printf(&key, "%p %ld", (void *)connection->store_mailbox, connection->store_id);
    const char *const words[] = {connection->origin,
                                 settings->client_id,
                                 grant,
                                 settings->name,
                                 settings->refresh_token ? ic_buf_text(&owner) : NULL,
                                 connection_settings_personal(settings) ? NULL : settings->scopes};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] && *words[i]) ic_buf_printf(&kept, "%s%s", kept.length ? " " : "", words[i]);
    ic_buf_free(&owner);
    connection->token_key = ic_buf_take(&key, NULL);
    connection->store_key = ic_buf_take(&kept, NULL);
    return connection->token_key && connection->store_key;
}

char *ic_connection_shared_prefix_of(const ic_connection *connection, const char *whose) {
    const char *given = connection->settings.shared_prefix;
    char digest[IC_SHA256_HEX];
    ic_buf text = {0};
    if (!ic_sha256(whose, strlen(whose), digest, NULL)) return NULL;
    ic_buf_printf(&text, "%s:{%.16s}:", given ? given : "ironclad", digest);
    return ic_buf_take(&text, NULL);
}

/* A company is an app of Ironclad's, or a site of Clickwrap's: a token can be replaced by a new one. */
static bool connection_add_shared_prefix(ic_connection *connection) {
    ic_counted by = connection->settings.site_access_id ? IC_COUNTED_SITE : IC_COUNTED_CLIENT;
    if (!connection->shared.name) return true;
    connection->shared_prefix = ic_connection_shared_prefix_of(connection, connection->budget_keys[by]);
    return connection->shared_prefix != NULL;
}

static bool connection_add_key(ic_connection *connection, ic_counted by, const char *origin,
                               const char *who) {
    ic_buf key = {0};
    ic_buf_printf(&key, "%s\n%s", origin, who);
    connection->budget_keys[by] = ic_buf_take(&key, NULL);
    return connection->budget_keys[by] != NULL;
}

/* Clickwrap counts requests to its REST API for each token, and those to its Activity API for each site. */
static bool connection_add_keys(ic_connection *connection) {
    const ic_settings *settings = &connection->settings;
    char digest[IC_SHA256_HEX] = "";
    if (settings->token && !ic_sha256(settings->token, strlen(settings->token), digest, NULL)) return false;
    const char *client = settings->client_id ? settings->client_id : digest;
    const char *site = settings->site_access_id ? settings->site_access_id : digest;
    if (!connection_add_key(connection, IC_COUNTED_CLIENT, connection->origin, client)) return false;
    if (connection->activity_origin &&
        (!connection_add_key(connection, IC_COUNTED_SITE, connection->activity_origin, site) ||
         !connection_add_key(connection, IC_COUNTED_ADDRESS, connection->origin, "")))
        return false;
    if (!connection_add_shared_prefix(connection)) return false;
    return connection->activity_origin || settings->token || connection_add_token_keys(connection);
}

/* The bundle that libcurl uses by default; Debian's path where libcurl does not report one. */
static const char *connection_system_bundle(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const char *bundle = info->age >= CURLVERSION_SEVENTH ? info->cainfo : NULL;
    return bundle ? bundle : "/etc/ssl/certs/ca-certificates.crt";
}

/* Ironclad needs this scope to look up the acting user. Workato's connector for Ironclad always asks for it
 * (Workato's documentation of its connection). */
static bool connection_add_default_scope(ic_settings *settings) {
    static const char added[] = "scim.users.readUsers";
    if (!settings->scopes || !*settings->scopes || !settings->default_scope) return true;
    const char *at = strstr(settings->scopes, added);
    size_t length = sizeof added - 1;
    if (at && (at == settings->scopes || at[-1] == ' ') && (!at[length] || at[length] == ' ')) return true;
    ic_buf all = {0};
    ic_buf_printf(&all, "%s %s", settings->scopes, added);
    char *joined = ic_buf_take(&all, NULL);
    if (!joined) return false;
    ic_free(settings->scopes);
    settings->scopes = joined;
    return true;
}

/* Copies a text that may be missing; false when out of memory. */
static bool connection_copy(const char *text, char **into) {
    *into = ic_strdup(text);
    return !text || *into;
}

static bool connection_is_proxy(const ic_url *url) {
    static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    if (!url->scheme || !url->host) return false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (ic_text_same(url->scheme, schemes[i])) return true;
    return false;
}

static bool connection_take_proxy(ic_connection *connection, const ic_url *url, ic_error *error) {
    ic_buf text = {0};
    ic_buf_printf(&text, "%s://%s%s%s/", url->scheme, url->host, url->port ? ":" : "",
                  url->port ? url->port : "");
    connection->proxy = ic_buf_take(&text, NULL);
    bool taken = connection->proxy && connection_copy(url->user, &connection->proxy_user) &&
                 connection_copy(url->password, &connection->proxy_password);
    if (!taken) ic_error_memory(error);
    return taken;
}

/* "http://user:password@proxy:3128", or without a scheme, as curl takes it. */
static bool connection_split_proxy(ic_connection *connection, ic_error *error) {
    const char *given = connection->settings.proxy;
    ic_buf text = {0};
    ic_url url = {0};
    ic_buf_printf(&text, "%s%s", strstr(given, "://") ? "" : "http://", given);
    const char *whole = ic_buf_text(&text);
    ic_url_state state = whole ? ic_url_split(whole, false, &url) : IC_URL_NO_MEMORY;
    bool taken = false;
    if (state == IC_URL_NO_MEMORY)
        ic_error_memory(error);
    else if (state == IC_URL_INVALID || !connection_is_proxy(&url))
        ic_error_set(error, IC_ERR_ARGUMENT,
                     "proxy: expected a URL such as \"http://proxy.example.com:3128\"");
    else
        taken = connection_take_proxy(connection, &url, error);
    ic_url_free(&url);
    ic_buf_free(&text);
    return taken;
}

/* Makes the store's path absolute, and opens nothing. A path that cannot be a file's is the caller's mistake.
 */
static bool connection_resolve_store(ic_settings *settings, ic_error *error) {
    ic_error reason = {0};
    char *absolute = ic_path_absolute(settings->store, false, &reason);
    if (!absolute) ic_error_set(error, IC_ERR_ARGUMENT, "store: %s", ic_error_message(&reason));
    ic_error_clear(&reason);
    if (!absolute) return false;
    ic_free(settings->store);
    settings->store = absolute;
    return true;
}

/* Makes the path of an option absolute. */
static bool connection_resolve(char **path) {
    char *absolute = *path ? ic_path_here(*path) : NULL;
    if (*path && !absolute) return false;
    ic_free(*path);
    *path = absolute;
    return true;
}

/* Clickwrap's hosts (the guide "Using the API" and the server lists of its documents). */
static const struct environment {
    const char *name, *hosts[IC_HOST_COUNT];
} connection_environments[] = {
    {"production", {[IC_HOST_MAIN] = "api.pactsafe.com", [IC_HOST_ACTIVITY] = "pactsafe.io"}},
    {"demo", {[IC_HOST_MAIN] = "api.demo.pactsafe.com", [IC_HOST_ACTIVITY] = "demo.pactsafe.io"}},
};

/* The origin of the host that an option gives, otherwise of the environment's. */
static char *connection_clickwrap_origin(const ic_settings *settings, const char *option, const char *given,
                                         ic_host host, ic_error *error) {
    const struct environment *environment = connection_environments;
    while (!given && strcmp(environment->name, settings->environment) != 0)
        environment++;
    return ic_host_origin(option, given ? given : environment->hosts[host], settings->allow_http, error);
}

static bool connection_add_origins(ic_connection *connection, ic_error *error) {
    ic_settings *settings = &connection->settings;
    if (settings->product == IC_PRODUCT_CLM) {
        connection->origin = ic_instance_origin(settings->instance, settings->allow_http, error);
        return connection->origin != NULL;
    }
    /* From here on it is a static token like any other. */
    if (!settings->token) settings->token = settings->api_token, settings->api_token = NULL;
    connection->origin =
        connection_clickwrap_origin(settings, "rest_host", settings->rest_host, IC_HOST_MAIN, error);
    if (!connection->origin) return false;
    connection->activity_origin = connection_clickwrap_origin(
        settings, "activity_host", settings->activity_host, IC_HOST_ACTIVITY, error);
    return connection->activity_origin != NULL;
}

/* A password must not go over a connection in the clear when TLS was asked for. */
static bool connection_read_shared(ic_connection *connection, ic_error *error) {
    const ic_redis_driver *driver = ic_redis_driver_in_use();
    if (!ic_shared_address_parse(connection->settings.shared, &connection->shared, error)) return false;
    if (!connection->shared.tls || (driver && driver->tls)) return true;
    ic_error_set(error, IC_ERR_ARGUMENT, "shared: rediss:// needs TLS, which %s does not have here",
                 driver ? driver->library : "this installation");
    return false;
}

static bool connection_complete(ic_connection *connection, ic_error *error) {
    ic_settings *settings = &connection->settings;
    if (!connection_add_origins(connection, error)) return false;
    if (settings->proxy && *settings->proxy && !connection_split_proxy(connection, error)) return false;
    connection->shared_store = settings->store && strcmp(settings->store, "shared") == 0;
    if (connection->shared_store) {
        ic_free(settings->store);
        settings->store = NULL;
    }
    if (settings->store && !connection_resolve_store(settings, error)) return false;
    if (settings->shared && !connection_read_shared(connection, error)) return false;
    ic_buf agent = {0};
    if (settings->user_agent) ic_buf_printf(&agent, "%s ", settings->user_agent);
    ic_buf_puts(&agent, "ironclad-lua/" IC_VERSION);
    connection->user_agent = ic_buf_take(&agent, NULL);
    if (settings->ca_file || !settings->ca_path)
        connection->ca_file = ic_strdup(settings->ca_file ? settings->ca_file : connection_system_bundle());
    bool whole = connection->user_agent && (connection->ca_file || settings->ca_path) &&
                 connection_resolve(&connection->ca_file) && connection_resolve(&settings->ca_path) &&
                 connection_resolve(&settings->client_cert) && connection_resolve(&settings->client_key) &&
                 connection_resolve(&settings->shared_client_cert) &&
                 connection_resolve(&settings->shared_client_key) && connection_add_default_scope(settings);
    if (whole) whole = connection_add_keys(connection);
    if (!whole) ic_error_memory(error);
    return whole;
}

ic_connection *ic_connection_new(ic_settings *settings, ic_mailbox *store_mailbox, long store_id,
                                 ic_error *error) {
    if (!connection_check(settings, error)) return NULL;
    ic_connection *connection = ic_calloc(1, sizeof *connection);
    if (!connection) {
        ic_error_memory(error);
        return NULL;
    }
    atomic_init(&connection->references, 1);
    connection->settings = *settings;
    memset(settings, 0, sizeof *settings);
    if (store_mailbox) ic_mailbox_retain(store_mailbox);
    connection->store_mailbox = store_mailbox;
    connection->store_id = store_id;
    if (!connection_complete(connection, error)) {
        ic_connection_release(connection);
        return NULL;
    }
    return connection;
}

/* Copies what was given. What the new connection derives from it is the same as here. */
ic_connection *ic_connection_for_site(const ic_connection *connection, const char *site, ic_error *error) {
    ic_settings settings;
    const ic_option *option = ic_option_find("site_access_id", IC_FOR_CLICKWRAP);
    ic_connection *made = NULL;
    if (ic_settings_copy(&settings, &connection->settings, error)) {
        settings.api_token = settings.token;
        settings.token = NULL;
        if (ic_settings_text(&settings, option, site, error))
            made = ic_connection_new(&settings, NULL, 0, error);
    }
    ic_settings_clear(&settings);
    return made;
}

const char *ic_connection_origin(const ic_connection *connection, ic_host host) {
    return host == IC_HOST_ACTIVITY ? connection->activity_origin : connection->origin;
}

void ic_connection_retain(ic_connection *connection) {
    atomic_fetch_add_explicit(&connection->references, 1, memory_order_relaxed);
}

bool ic_connection_is_personal(const ic_connection *connection) {
    return connection_settings_personal(&connection->settings);
}

bool ic_connection_has_one_owner(ic_connection *connection) {
    return atomic_load_explicit(&connection->references, memory_order_acquire) == 1;
}
