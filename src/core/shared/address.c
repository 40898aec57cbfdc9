/* Reads the address of the shared Redis. */
#include "core/shared/address.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT     6379
#define LARGEST_PORT     65535
#define LARGEST_DATABASE 9999

#define EXPECTED "shared: expected redis://user:password@host:6379/0 or unix:///path/of/socket"

/* Decodes percent-encoding in place. False at an escape that is not valid, or that stands for a NUL. */
static bool address_decode(char *text) {
    for (const char *at = text; (at = strchr(at, '%')); at++)
        if (ic_hex_value(at[1]) < 0 || ic_hex_value(at[2]) < 0) return false;
    return ic_percent_decode(text);
}

/* A whole number from 0 to `largest` that fills `length` bytes of the text; -1: there is none. */
static int address_number(const char *text, size_t length, int largest) {
    int number = 0;
    if (!length || length > 5) return -1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number <= largest ? number : -1;
}

static bool address_refuse(ic_error *error, const char *why) {
    ic_error_set(error, IC_ERR_ARGUMENT, "%s", why);
    return false;
}

/* Reads "user:password" or ":password" before an "@". */
static bool address_read_user(const char *text, size_t length, ic_shared_address *address, ic_error *error) {
    const char *colon = memchr(text, ':', length);
    size_t user = colon ? (size_t)(colon - text) : length;
    if (!colon)
        return address_refuse(error, "shared: there is a user, but no password; write user:password@");
    if (user) address->user = ic_strndup(text, user);
    address->password = ic_strndup(colon + 1, length - user - 1);
    if ((user && !address->user) || !address->password) return ic_error_memory(error), false;
    if ((address->user && !address_decode(address->user)) || !address_decode(address->password))
        return address_refuse(error, "shared: the user or the password has an invalid percent escape");
    if (!*address->password) return address_refuse(error, "shared: the password is empty");
    return true;
}

/* Reads "host", "host:port" or "[IPv6]:port". */
static bool address_read_host(const char *text, size_t length, ic_shared_address *address, ic_error *error) {
    const char *end = text + length, *host_end, *port;
    if (*text == '[') {
        host_end = memchr(text, ']', length);
        if (!host_end) return address_refuse(error, "shared: the IPv6 address has no closing bracket");
        port = host_end + 1;
        text++;
    } else {
        host_end = memchr(text, ':', length);
        if (!host_end) host_end = end;
        port = host_end;
    }
    if (host_end == text) return address_refuse(error, EXPECTED "; there is no host");
    address->port = DEFAULT_PORT;
    if (port < end) {
        int number = *port == ':' ? address_number(port + 1, (size_t)(end - port - 1), LARGEST_PORT) : -1;
        if (number < 1)
            return address_refuse(error, "shared: expected a port from 1 to 65535 after the host");
        address->port = number;
    }
    address->host = ic_strndup(text, (size_t)(host_end - text));
    if (!address->host) return ic_error_memory(error), false;
    return true;
}

static bool address_read_database(const char *text, ic_shared_address *address, ic_error *error) {
    if (!*text) return true;
    address->database = address_number(text, strlen(text), LARGEST_DATABASE);
    if (address->database >= 0) return true;
    return address_refuse(error, "shared: expected the number of a database, such as /0, at the end");
}

static bool address_read_inet(const char *text, ic_shared_address *address, ic_error *error) {
    size_t length = strcspn(text, "/?#");
    const char *rest = text + length;
    if (*rest == '?' || *rest == '#')
        return address_refuse(error,
                              "shared: the address has no parameters; the database comes after a slash");
    if (memchr(text, ',', length))
        return address_refuse(
            error, "shared: expected one server; Redis Sentinel and Redis Cluster are not supported");
    return address_read_host(text, length, address, error) &&
           (!*rest || address_read_database(rest + 1, address, error));
}

static bool address_read_unix(const char *text, ic_shared_address *address, ic_error *error) {
    size_t length = strcspn(text, "?");
    if (*text != '/') return address_refuse(error, "shared: expected an absolute path after unix://");
    address->path = ic_strndup(text, length);
    if (!address->path) return ic_error_memory(error), false;
    if (!text[length]) return true;
    if (!ic_text_starts(text + length, "?db="))
        return address_refuse(error, "shared: the only parameter after the path is ?db=");
    return address_read_database(text + length + 4, address, error);
}

static bool address_name(ic_shared_address *address, ic_error *error) {
    ic_buf text = {0};
    bool ipv6 = address->host && strchr(address->host, ':');
    if (address->path)
        ic_buf_printf(&text, "unix://%s?db=%d", address->path, address->database);
    else
        ic_buf_printf(&text, "%s://%s%s%s:%d/%d", address->tls ? "rediss" : "redis", ipv6 ? "[" : "",
                      address->host, ipv6 ? "]" : "", address->port, address->database);
    address->name = ic_buf_take(&text, NULL);
    if (!address->name) ic_error_memory(error);
    return address->name != NULL;
}

static const struct scheme {
    const char *prefix;
    bool (*read)(const char *text, ic_shared_address *address, ic_error *error);
    bool tls;
} schemes[] = {
    {"redis://", address_read_inet, false},
    {"rediss://", address_read_inet, true},
    {"unix://", address_read_unix, false},
};

static const char *const unsupported[] = {"redis-sentinel://", "rediss-sentinel://", "redis+sentinel://",
                                          "redis-cluster://",  "rediss-cluster://",  "redis+cluster://"};

/* Reads the user and password, and returns the text after them. NULL: error. */
static const char *address_after_user(const char *text, ic_shared_address *address, ic_error *error) {
    const char *at = NULL;
    size_t length = *text == '/' ? 0 : strcspn(text, "/?#");
    for (size_t i = 0; i < length; i++)
        if (text[i] == '@') at = text + i;
    if (!at) return text;
    return address_read_user(text, (size_t)(at - text), address, error) ? at + 1 : NULL;
}

bool ic_shared_address_parse(const char *text, ic_shared_address *address, ic_error *error) {
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (ic_text_starts(text, unsupported[i]))
            return address_refuse(
                error, "shared: Redis Sentinel and Redis Cluster are not supported; name one server");
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!ic_text_starts(text, schemes[i].prefix)) continue;
        const char *rest = address_after_user(text + strlen(schemes[i].prefix), address, error);
        address->tls = schemes[i].tls;
        if (rest && schemes[i].read(rest, address, error) && address_name(address, error)) return true;
        ic_shared_address_clear(address);
        return false;
    }
    return address_refuse(error, EXPECTED);
}

void ic_shared_address_clear(ic_shared_address *address) {
    ic_free(address->host);
    ic_free(address->path);
    ic_free(address->user);
    ic_free_secret(address->password);
    ic_free(address->ca_file);
    ic_free(address->ca_path);
    ic_free(address->client_cert);
    ic_free(address->client_key);
    ic_free(address->name);
    *address = (ic_shared_address){0};
}
