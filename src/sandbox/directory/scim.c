#include "sandbox/directory/scim.h"
#include "sandbox/company/people.h"
#include "sandbox/directory/scim_filter.h"
#include <stdlib.h>
#include <string.h>

#define COUNT_DEFAULT 25
#define COUNT_MAX     1000

/* --- answers --- */

void ic_scim_reply(ic_exchange *x, unsigned status, const ic_scim_kind *kind, cJSON *resource) {
    ic_scim_exclude(kind, resource, ic_exchange_query(x, "excludedAttributes"));
    ic_reply_json(x, status, resource);
}

void ic_scim_not_found(ic_exchange *x) {
    ic_reply_scim_error(x, 404, NULL, "Resource %s not found", x->values[0]);
}

void ic_scim_refuse_value(ic_exchange *x, const char *path, const cJSON *value) {
    char *text = value ? ic_json_print(value) : NULL;
    ic_reply_scim_error(x, 400, "invalidValue", "Invalid value at %s: %.200s", path,
                        text ? text : "undefined");
    ic_json_text_free(text);
}

bool ic_scim_may_change(ic_exchange *x) {
    const ic_group *admins = ic_company_admins(x->company);
    if (!admins || ic_array_has(&admins->members, x->user)) return true;
    ic_reply_scim_error(x, 403, NULL, "access forbidden");
    return false;
}

cJSON *ic_scim_meta(const ic_company *company, const ic_scim_kind *kind, const char *id) {
    ic_buf location = {0};
    ic_buf_printf(&location, "%s/scim/v2/%s/%s", company->url, kind->plural, id);
    cJSON *meta = cJSON_CreateObject();
    ic_put_text(meta, "resourceType", kind->name);
    ic_put_text(meta, "location", ic_buf_text(&location));
    ic_buf_free(&location);
    return meta;
}

/* --- lists --- */

/* A number of the query, clamped to limits (RFC 7644, 3.4.2.4). */
static size_t scim_query_number(const ic_exchange *x, const char *name, long least, long most,
                                long otherwise) {
    const char *text = ic_exchange_query(x, name);
    long number = text ? strtol(text, NULL, 10) : otherwise;
    return (size_t)(number < least ? least : number > most ? most : number);
}

static bool scim_read_filter(ic_exchange *x, const ic_scim_kind *kind, ic_scim_filter **filter) {
    const char *text = ic_exchange_query(x, "filter");
    char error[256] = "";
    *filter = text ? ic_scim_filter_parse(kind, text, error, sizeof error) : NULL;
    if (!text || *filter) return true;
    if (*error)
        ic_reply_scim_filter_error(x, error);
    else
        ic_reply_no_memory(x);
    return false;
}

void ic_scim_reply_list(ic_exchange *x, const ic_scim_kind *kind, const ic_array *items, ic_scim_view view) {
    size_t start = scim_query_number(x, "startIndex", 1, 100000000, 1), total = 0;
    size_t count = scim_query_number(x, "count", 0, COUNT_MAX, COUNT_DEFAULT);
    const char *excluded = ic_exchange_query(x, "excludedAttributes");
    ic_scim_filter *filter;
    if (!scim_read_filter(x, kind, &filter)) return;
    cJSON *answer = cJSON_CreateObject();
    ic_append(ic_put(answer, "schemas", cJSON_CreateArray()), cJSON_CreateString(IC_SCIM_LIST));
    cJSON *resources = cJSON_CreateArray();
    for (size_t i = 0; i < items->count; i++) {
        bool on_page = total + 1 >= start && total + 1 < start + count;
        cJSON *resource = on_page || filter ? view(x->company, items->items[i]) : NULL;
        bool selected = !filter || ic_scim_filter_matches(filter, resource);
        total += selected;
        ic_scim_exclude(kind, resource, excluded);
        if (selected && on_page)
            ic_append(resources, resource);
        else
            cJSON_Delete(resource);
    }
    ic_put_number(answer, "totalResults", (double)total);
    ic_put(answer, "Resources", resources);
    ic_put_number(answer, "startIndex", (double)start);
    ic_put_number(answer, "itemsPerPage", (double)count);
    ic_scim_filter_free(filter);
    ic_reply_json(x, 200, answer);
}
