/* Reads a request: its headers, its query and the words in them. */
#include "core/base/text.h"
#include "listener/listen.h"
#include "sandbox/http/exchange.h"
#include <ctype.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- what was received --- */

const char *ic_exchange_header(const ic_exchange *x, const char *name) {
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

const char *ic_exchange_query(const ic_exchange *x, const char *name) {
    const char *value = NULL;
    /* A parameter without "=" has no value, but it is present. */
    if (MHD_lookup_connection_value_n(x->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value,
                                      NULL) != MHD_YES)
        return NULL;
    return value ? value : "";
}

bool ic_exchange_query_true(const ic_exchange *x, const char *name) {
    const char *value = ic_exchange_query(x, name);
    return value && strcmp(value, "true") == 0;
}

bool ic_exchange_is_type(const ic_exchange *x, const char *media_type) {
    const char *given = ic_exchange_header(x, "Content-Type");
    size_t length = given ? strcspn(given, "; \t") : 0;
    return given && length == strlen(media_type) && strncasecmp(given, media_type, length) == 0;
}

bool ic_exchange_is_local(const ic_exchange *x) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info && info->client_addr && ic_address_is_local(info->client_addr);
}

static long request_query_integer(const ic_exchange *x, const char *name, long otherwise) {
    const char *value = ic_exchange_query(x, name);
    return value ? strtol(value, NULL, 10) : otherwise;
}

ic_page ic_exchange_page(const ic_exchange *x) {
    size_t size = (size_t)request_query_integer(x, "pageSize", 20), most = x->company->max_page_size;
    return (ic_page){.number = (size_t)request_query_integer(x, "page", 0),
                     .size = most && size > most ? most : size};
}

bool ic_exchange_since(ic_exchange *x, const char *text, ic_time *since) {
    if (!text || ic_time_parse(text, since)) return true;
    ic_reply_error(x, 400, "INVALID_PARAM", "/?lastUpdated", "invalid query value '%s'; value must be a date",
                   text);
    return false;
}

bool ic_exchange_filter(ic_exchange *x, ic_formula_type type, void *context, ic_formula **formula) {
    const char *text = ic_exchange_query(x, "filter");
    char error[256];
    *formula = NULL;
    if (!text) return true;
    *formula = ic_formula_parse(text, ic_company_now(x->company), type, context, error, sizeof error);
    if (*formula || x->status) return *formula != NULL;
    if (*error)
        ic_reply_error(x, 400, "INVALID_PARAM", "/?filter", "invalid filter formula: %s", error);
    else
        ic_reply_no_memory(x);
    return false;
}

bool ic_names_include(const char *list, const char *name) {
    for (;;) {
        size_t length = strcspn(list, ",");
        if (strncmp(list, name, length) == 0 && !name[length]) return true;
        if (!list[length]) return false;
        list += length + 1;
    }
}

bool ic_form_decode(char *text) {
    for (char *c = text; *c; c++)
        if (*c == '+') *c = ' ';
    return ic_percent_decode(text);
}

bool ic_is_uuid(const char *text) {
    const char *shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (; *shape; shape++, text++)
        if (*shape == '-' ? *text != '-' : !isxdigit((unsigned char)*text)) return false;
    return !*text;
}

bool ic_is_control(const char *path) {
    const char *rest = ic_text_starts(path, IC_CONTROL_PATH) ? path + strlen(IC_CONTROL_PATH) : NULL;
    return rest && (!*rest || *rest == '/');
}
