/* The properties of a record, which are kept as JSON text, and what its amendments make of them: an amendment
 * is a child whose link says so; it names those of its properties that hold for its parent too. */
#include "../core/alloc.h"
#include "build.h"
#include "records.h"
#include <string.h>

/* --- one member out of the text --- */

/* Behind the JSON string that starts at the quote. */
static const char *skip_string(const char *at) {
    for (at++; *at != '"'; at++)
        if (*at == '\\') at++;
    return at + 1;
}

/* Behind the JSON value, which is known to be well-formed and without white space. */
static const char *skip_value(const char *at) {
    int depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    } while (depth || !strchr(",}]", *at));
    return at;
}

/* A name as the text of an object has it: in quotes, with escapes. Free with ic_json_text_free. */
static char *key_of(const char *name) {
    cJSON *node = cJSON_CreateStringReference(name);
    char *key = ic_json_print(node);
    cJSON_Delete(node);
    return key;
}

/* The value of the member in the object's text; NULL: there is none. */
static const char *find_member(const char *object, const char *key, size_t *length) {
    size_t key_length = strlen(key);
    for (const char *at = object; *at++ != '}' && *at == '"';) {
        const char *value = skip_string(at) + 1, *end = skip_value(value);
        *length = (size_t)(end - value);
        if (strncmp(at, key, key_length) == 0 && at + key_length + 1 == value) return value;
        at = end;
    }
    return NULL;
}

/* The member as a tree; NULL: there is none, or no memory. */
static cJSON *parse_member(const char *object, const char *key) {
    size_t length;
    const char *text = find_member(object, key, &length);
    return text ? ic_json_parse(text, length, NULL) : NULL;
}

/* --- amendments --- */

static bool is_amendment(const ic_record *record) {
    return record->amends && record->parent_link_type && strcmp(record->parent_link_type, "amendment") == 0;
}

static bool amends(const ic_record *record, const char *key) {
    size_t length;
    return is_amendment(record) && find_member(record->amends, key, &length);
}

/* {type, value} as the last amendment that names it has it; NULL: none does, or no memory. */
static cJSON *amended_property(const ic_record *record, const char *key) {
    cJSON *property = NULL;
    for (const ic_record *child = record->first_child; child; child = child->next_sibling) {
        cJSON *own = amends(child, key) ? parse_member(child->properties, key) : NULL;
        if (!own) continue;
        cJSON_Delete(property);
        property = own;
    }
    return property;
}

bool ic_record_is_amended(const ic_record *record) {
    for (const ic_record *child = record->first_child; child; child = child->next_sibling)
        if (is_amendment(child)) return true;
    return false;
}

/* Puts one amendment over the properties, each keeping what it was before any. */
static void put_amendment(cJSON *properties, const ic_record *amendment) {
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
        if (is_amendment(child)) put_amendment(properties, child);
    return properties;
}

/* Asked of every record of a list: the one property is found and parsed without the others. */
cJSON *ic_record_value(const ic_record *record, const char *name) {
    char *key = key_of(name);
    if (!key) return NULL;
    cJSON *property = record->first_child ? amended_property(record, key) : NULL;
    if (!property) property = parse_member(record->properties, key);
    ic_json_text_free(key);
    cJSON *value = cJSON_DetachItemFromObjectCaseSensitive(property, "value");
    cJSON_Delete(property);
    return value;
}
