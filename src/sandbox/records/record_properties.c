/* The properties of a record, stored as JSON text, with its amendments applied. An amendment is a child with
 * the link type `amendment`; it lists which of its properties replace those of the parent. */
#include "sandbox/records/record_properties.h"
#include "core/base/alloc.h"
#include "sandbox/base/build.h"
#include <string.h>

/* --- one member of the text --- */

/* The end of the JSON string that starts at `at`. */
static const char *properties_skip_string(const char *at) {
    for (at++; *at != '"'; at++)
        if (*at == '\\') at++;
    return at + 1;
}

/* The end of the JSON value, which is well-formed and has no white space. */
static const char *properties_skip_value(const char *at) {
    int depth = 0;
    do {
        if (*at == '"') {
            at = properties_skip_string(at);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    } while (depth || !strchr(",}]", *at));
    return at;
}

/* Whether the key that starts at the quote is `name`. `name` has no characters that JSON escapes. */
static bool properties_is_key(const char *at, const char *name) {
    size_t length = strlen(name);
    return strncmp(at + 1, name, length) == 0 && at[length + 1] == '"';
}

/* The text of a member's value. NULL: no such member. */
static const char *properties_find_member(const char *object, const char *name, size_t *length) {
    for (const char *at = object; *at++ != '}' && *at == '"';) {
        const char *value = properties_skip_string(at) + 1, *end = properties_skip_value(value);
        *length = (size_t)(end - value);
        if (properties_is_key(at, name)) return value;
        at = end;
    }
    return NULL;
}

/* --- amendments --- */

static bool properties_is_amendment(const ic_record *record) {
    return record->amends && record->parent_link_type && strcmp(record->parent_link_type, "amendment") == 0;
}

bool ic_record_is_amended(const ic_record *record) {
    for (const ic_record *child = record->first_child; child; child = child->next_sibling)
        if (properties_is_amendment(child)) return true;
    return false;
}

/* Applies one amendment. Each replaced property keeps its original value. */
static void properties_put_amendment(cJSON *properties, const ic_record *amendment) {
    cJSON *names = ic_json_parse(amendment->amends, strlen(amendment->amends), NULL);
    cJSON *own = ic_json_parse(amendment->properties, strlen(amendment->properties), NULL);
    const cJSON *name;
    cJSON_ArrayForEach(name, names) {
        cJSON *property = cJSON_DetachItemFromObjectCaseSensitive(own, name->string);
        if (!property) continue;
        cJSON *before = ic_json_member(properties, name->string);
        cJSON *original = cJSON_DetachItemFromObjectCaseSensitive(before, "originalValue");
        if (!original) original = cJSON_DetachItemFromObjectCaseSensitive(before, "value");
        if (original) ic_put(property, "originalValue", original);
        ic_set(properties, name->string, property);
    }
    cJSON_Delete(names);
    cJSON_Delete(own);
}

cJSON *ic_record_properties(const ic_record *record) {
    cJSON *properties = ic_json_parse(record->properties, strlen(record->properties), NULL);
    for (const ic_record *child = record->first_child; child && properties; child = child->next_sibling)
        if (properties_is_amendment(child)) properties_put_amendment(properties, child);
    return properties;
}

bool ic_record_replace_properties(ic_company *company, ic_record *record, const cJSON *properties) {
    ic_record_unsort(company, record);
    bool done = ic_record_set_properties(record, properties);
    if (done) record->updated = ic_company_now(company);
    ic_record_sort(company, record); /* cannot fail: the lists keep their capacity */
    return done;
}

/* --- some values of the text --- */

/* The value of a property's text. NULL: no memory. */
static cJSON *properties_parse_value(const char *property) {
    size_t length;
    const char *value = properties_find_member(property, "value", &length);
    return value ? ic_json_parse(value, length, NULL) : NULL;
}

/* Reads the properties with these names; of an amendment, only the amended ones. */
static void properties_take_values(const char *properties, const char *amends, const char *const *names,
                                   size_t count, cJSON **values) {
    size_t length;
    for (const char *at = properties; *at++ != '}' && *at == '"';) {
        const char *property = properties_skip_string(at) + 1;
        for (size_t i = 0; i < count; i++) {
            if (!properties_is_key(at, names[i]) ||
                (amends && !properties_find_member(amends, names[i], &length)))
                continue;
            cJSON_Delete(values[i]);
            values[i] = properties_parse_value(property);
        }
        at = properties_skip_value(property);
    }
}

/* Called for every record of a list: the other properties are skipped, not parsed. */
void ic_record_values(const ic_record *record, const char *const *names, size_t count, cJSON **values) {
    for (size_t i = 0; i < count; i++)
        values[i] = NULL;
    properties_take_values(record->properties, NULL, names, count, values);
    for (const ic_record *child = record->first_child; child; child = child->next_sibling)
        if (properties_is_amendment(child))
            properties_take_values(child->properties, child->amends, names, count, values);
}

cJSON *ic_record_value(const ic_record *record, const char *name) {
    cJSON *value;
    ic_record_values(record, &name, 1, &value);
    return value;
}
