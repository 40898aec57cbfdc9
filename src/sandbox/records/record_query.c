/* Selects and orders records: by type, time and formula. */
#include "sandbox/records/record_query.h"
#include "core/base/alloc.h"
#include "sandbox/records/record_properties.h"
#include <string.h>

/* Fields of a record that formulas can use like properties. */
static const struct built_in {
    const char *name, *type;
} built_in[] = {{"readableId", "string"}, {"name", "string"}, {"lastUpdated", "date"}};

static const char *query_property_type(void *company, const char *property) {
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++)
        if (strcmp(built_in[i].name, property) == 0) return built_in[i].type;
    const cJSON *known = ic_json_member(((const ic_company *)company)->record_properties, property);
    return ic_json_string(known, "type");
}

static cJSON *query_property_value(const void *item, const char *property) {
    const ic_record *record = item;
    if (strcmp(property, "readableId") == 0) return cJSON_CreateStringReference(record->readable);
    if (strcmp(property, "name") == 0) return cJSON_CreateStringReference(record->name);
    if (strcmp(property, "lastUpdated") == 0) return cJSON_CreateString(ic_time_print(record->updated).text);
    return ic_record_value(record, property);
}

static bool query_read_types(ic_exchange *x, const char *list, ic_array *types) {
    for (const char *at = list; at && *at;) {
        size_t length = strcspn(at, ",");
        char *name = ic_strndup(at, length);
        ic_record_type *type = name ? ic_company_record_type(x->company, name) : NULL;
        if (!name)
            ic_reply_no_memory(x);
        else if (!type)
            ic_reply_error(x, 400, "INVALID_PARAM", "/?types", "unknown record type %s", name);
        ic_free(name);
        if (!type) return false;
        if (!ic_array_has(types, type) && !ic_array_push(types, type)) {
            ic_reply_no_memory(x);
            return false;
        }
        at += length + (at[length] == ',');
    }
    return true;
}

static const ic_array *query_sort_list(const ic_exchange *x) {
    const char *field = ic_exchange_query(x, "sortField");
    if (field && strcmp(field, "name") == 0) return &x->company->records_by_name;
    if (field && strcmp(field, "lastUpdated") == 0) return &x->company->records_by_update;
    return &x->company->records_by_agreement;
}

bool ic_record_query_read(ic_exchange *x, ic_record_query *query) {
    const char *direction = ic_exchange_query(x, "sortDirection");
    *query = (ic_record_query){.since = IC_TIME_NONE, .order = query_sort_list(x)};
    query->ascending = direction && strcmp(direction, "ASC") == 0;
    return query_read_types(x, ic_exchange_query(x, "types"), &query->types) &&
           ic_exchange_since(x, ic_exchange_query(x, "lastUpdated"), &query->since) &&
           ic_exchange_filter(x, query_property_type, x->company, &query->filter);
}

bool ic_record_is_wanted(const ic_record *record, const ic_record_query *query) {
    return record->updated >= query->since &&
           (!query->types.count || ic_array_has(&query->types, record->type)) &&
           (!query->filter || ic_formula_holds(query->filter, query_property_value, record));
}

bool ic_record_query_is_all(const ic_record_query *query) {
    return query->since == IC_TIME_NONE && !query->types.count && !query->filter;
}

void ic_record_query_free(ic_record_query *query) {
    ic_array_free(&query->types);
    ic_formula_free(query->filter);
}
