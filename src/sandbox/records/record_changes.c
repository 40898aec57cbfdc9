/* Reads a change of a record from a request, and applies it. */
#include "sandbox/records/record_changes.h"
#include "core/base/alloc.h"
#include "sandbox/records/record_values.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 1000 /* records in one list of a request */

static bool change_no_memory(ic_exchange *x) {
    ic_reply_no_memory(x);
    return false;
}

static bool change_refuse(ic_exchange *x, const char *param, const char *message) {
    ic_reply_error(x, 400, "INVALID_PARAM", param, "%s", message);
    return false;
}

/* --- parts of a body --- */

/* The record in {"recordId": …}, by either id. NULL: an error is set as the reply. */
static ic_record *change_named_record(ic_exchange *x, const cJSON *link, const char *param) {
    const char *id = ic_json_string(link, "recordId");
    ic_record *record = ic_company_record(x->company, id);
    if (!id)
        ic_reply_error(x, 400, "MISSING_PARAM", param, "missing required parameter 'recordId'");
    else if (!record)
        ic_reply_error(x, 400, "NOT_FOUND", param, "couldn't find a record matching the id %s", id);
    return record;
}

static bool change_read_links(ic_exchange *x, const char *param, ic_array *records) {
    const cJSON *links = ic_json_member(x->body, param), *link;
    if (cJSON_GetArraySize(links) > NAMED_MAX) return change_refuse(x, param, "too many records at once");
    cJSON_ArrayForEach(link, links) {
        ic_record *record = change_named_record(x, link, param);
        if (!record) return false;
        if (!ic_array_has(records, record) && !ic_array_push(records, record)) return change_no_memory(x);
    }
    return true;
}

/* LinkType of the public document. *type is NULL when the request has none. */
static bool change_read_link_type(ic_exchange *x, const cJSON *parent, const char *param, const char **type) {
    static const char *const types[] = {"amendment", "obligation"};
    const cJSON *given = ic_json_member(parent, "parentLinkType");
    *type = NULL;
    if (!given) return true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (cJSON_IsString(given) && strcmp(given->valuestring, types[i]) == 0) *type = types[i];
    return *type ||
           change_refuse(x, param, "invalid parentLinkType; value must be one of [amendment, obligation]");
}

static bool change_read_parent(ic_exchange *x, const char *param, ic_record_change *change) {
    const cJSON *parent = ic_json_member(x->body, param);
    if (!parent) return true;
    change->sets_parent = true;
    change->parent = change_named_record(x, parent, param);
    return change->parent && change_read_link_type(x, parent, param, &change->link_type);
}

static bool change_read_type(ic_exchange *x, ic_record_change *change) {
    const char *type = ic_json_string(x->body, "type");
    if (!type) return true;
    change->type = ic_company_record_type(x->company, type);
    if (!change->type) ic_reply_error(x, 400, "INVALID_PARAM", "type", "unknown record type %s", type);
    return change->type != NULL;
}

static bool change_read_name(ic_exchange *x, ic_record_change *change) {
    change->name = ic_json_string(x->body, "name");
    return !change->name || *change->name || change_refuse(x, "name", "the name is empty");
}

/* --- amendments --- */

/* Adds {property: {amendmentType: "replace"}} to the amended properties. */
static bool change_add_amended(ic_exchange *x, const char *param, ic_record_change *change) {
    const cJSON *given = ic_json_member(x->body, param), *entry;
    cJSON_ArrayForEach(entry, given) {
        const char *type = ic_json_string(entry, "amendmentType");
        if (!ic_json_member(x->company->record_properties, entry->string)) {
            ic_reply_error(x, 400, "INVALID_PARAM", param, "unknown property %s", entry->string);
            return false;
        }
        if (!type || strcmp(type, "replace") != 0)
            return change_refuse(x, param, "invalid amendmentType; value must be one of [replace]");
        if (!ic_set(change->amends, entry->string, cJSON_Duplicate(entry, true))) return change_no_memory(x);
    }
    return true;
}

static bool change_remove_amended(ic_exchange *x, const char *param, ic_record_change *change) {
    const cJSON *name;
    cJSON_ArrayForEach(name, ic_json_member(x->body, param)) {
        if (!cJSON_IsString(name)) return change_refuse(x, param, "expected an array of strings");
        cJSON_DeleteItemFromObjectCaseSensitive(change->amends, name->valuestring);
    }
    return true;
}

/* Only an amendment can amend properties. */
static bool change_check_amended(ic_exchange *x, const char *param, const ic_record_change *change,
                                 const ic_record *record) {
    const cJSON *given = ic_json_member(x->body, param);
    const char *link = change->sets_parent ? change->link_type : record ? record->parent_link_type : NULL;
    return !given || !given->child || (link && strcmp(link, "amendment") == 0) ||
           change_refuse(x, param, "only valid when parentLinkType is 'amendment'");
}

static bool change_read_amended(ic_exchange *x, ic_record_change *change, const ic_record *record) {
    change->amends =
        record->amends ? ic_json_parse(record->amends, strlen(record->amends), NULL) : cJSON_CreateObject();
    if (!change->amends) return change_no_memory(x);
    return change_remove_amended(x, "removePropertiesToAmend", change) &&
           change_add_amended(x, "addPropertiesToAmend", change) &&
           change_check_amended(x, "addPropertiesToAmend", change, record);
}

static bool change_read_all_amended(ic_exchange *x, ic_record_change *change, const ic_record *record) {
    change->amends = cJSON_CreateObject();
    if (!change->amends) return change_no_memory(x);
    return change_add_amended(x, "propertiesToAmend", change) &&
           change_check_amended(x, "propertiesToAmend", change, record);
}

/* A record cannot become its own ancestor. */
static bool change_check_family(ic_exchange *x, const ic_record_change *change, const ic_record *record) {
    const ic_record *parent = change->sets_parent ? change->parent : record ? record->parent : NULL;
    if (record && parent && ic_record_descends(parent, record))
        return change_refuse(x, "parent", "a record cannot be below itself");
    for (size_t i = 0; i < change->add_children.count; i++) {
        const ic_record *child = change->add_children.items[i];
        if (child == record || (parent && ic_record_descends(parent, child)))
            return change_refuse(x, "children", "a record cannot be below itself");
    }
    return true;
}

/* --- whole bodies --- */

bool ic_record_read_all(ic_exchange *x, ic_record_change *change, const ic_record *record) {
    change->properties = cJSON_CreateObject();
    if (!change->properties) return change_no_memory(x);
    return change_read_type(x, change) && change_read_name(x, change) &&
           ic_properties_add(x, x->company->record_properties, change->properties,
                             ic_json_member(x->body, "properties"), "properties", false) &&
           change_read_parent(x, "parent", change) && change_read_links(x, "links", &change->add_links) &&
           change_read_links(x, "children", &change->add_children) &&
           change_read_all_amended(x, change, record) && change_check_family(x, change, record);
}

static bool change_read_properties(ic_exchange *x, ic_record_change *change, const ic_record *record) {
    const cJSON *removed;
    change->properties = ic_json_parse(record->properties, strlen(record->properties), NULL);
    if (!change->properties) return change_no_memory(x);
    cJSON_ArrayForEach(removed, ic_json_member(x->body, "removeProperties")) {
        if (!cJSON_IsString(removed))
            return change_refuse(x, "removeProperties", "expected an array of strings");
        cJSON_DeleteItemFromObjectCaseSensitive(change->properties, removed->valuestring);
    }
    return ic_properties_add(x, x->company->record_properties, change->properties,
                             ic_json_member(x->body, "addProperties"), "addProperties", true);
}

bool ic_record_read_some(ic_exchange *x, ic_record_change *change, const ic_record *record) {
    if (!ic_exchange_check_names(x) || !change_read_parent(x, "setParent", change)) return false;
    if (cJSON_IsTrue(ic_json_member(x->body, "removeParent"))) {
        if (change->sets_parent)
            return change_refuse(x, "removeParent", "cannot be used together with setParent");
        change->sets_parent = true;
    }
    return change_read_type(x, change) && change_read_name(x, change) &&
           change_read_properties(x, change, record) &&
           change_read_links(x, "addLinks", &change->add_links) &&
           change_read_links(x, "removeLinks", &change->remove_links) &&
           change_read_links(x, "addChildren", &change->add_children) &&
           change_read_links(x, "removeChildren", &change->remove_children) &&
           change_read_amended(x, change, record) && change_check_family(x, change, record);
}

/* --- applying a change --- */

static bool change_has_link(ic_uuid *links, size_t count, const char *id) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(links[i], id) == 0) return true;
    return false;
}

/* The links after the change. Owned by the caller. NULL: no memory. */
static ic_uuid *change_links(const ic_record *record, const ic_record_change *change, size_t *count) {
    ic_uuid *links = ic_calloc(record->link_count + change->add_links.count + 1, sizeof *links);
    *count = 0;
    if (!links) return NULL;
    for (size_t i = 0; i < record->link_count; i++) {
        bool removed = false;
        for (size_t j = 0; j < change->remove_links.count; j++)
            removed = removed ||
                      strcmp(((const ic_record *)change->remove_links.items[j])->id, record->links[i]) == 0;
        if (!removed) memcpy(links[(*count)++], record->links[i], sizeof(ic_uuid));
    }
    for (size_t i = 0; i < change->add_links.count; i++) {
        const ic_record *other = change->add_links.items[i];
        if (!change_has_link(links, *count, other->id)) memcpy(links[(*count)++], other->id, sizeof(ic_uuid));
    }
    return links;
}

static void change_set_family(ic_record *record, const ic_record_change *change) {
    if (change->sets_parent) ic_record_set_parent(record, change->parent, change->link_type);
    for (size_t i = 0; i < change->remove_children.count; i++) {
        ic_record *child = change->remove_children.items[i];
        if (child->parent == record) ic_record_set_parent(child, NULL, NULL);
    }
    for (size_t i = 0; i < change->add_children.count; i++)
        ic_record_set_parent(change->add_children.items[i], record, NULL);
}

bool ic_record_change_apply(ic_record *record, ic_record_change *change) {
    size_t count;
    bool amends = change->amends && change->amends->child;
    char *amended = amends ? ic_json_print(change->amends) : NULL;
    ic_uuid *links = change_links(record, change, &count);
    char *name = change->name ? ic_strdup(change->name) : NULL;
    if (!links || (change->name && !name) || (amends && !amended) ||
        (change->properties && !ic_record_set_properties(record, change->properties))) {
        ic_free(links);
        ic_free(name);
        ic_json_text_free(amended);
        return false;
    }
    ic_free(record->links);
    record->links = links;
    record->link_count = count;
    if (name) {
        ic_free(record->name);
        record->name = name;
    }
    if (change->amends) {
        ic_json_text_free(record->amends);
        record->amends = amended;
    }
    if (change->type) record->type = change->type;
    change_set_family(record, change);
    return true;
}

void ic_record_change_free(ic_record_change *change) {
    cJSON_Delete(change->properties);
    cJSON_Delete(change->amends);
    ic_array_free(&change->add_links);
    ic_array_free(&change->remove_links);
    ic_array_free(&change->add_children);
    ic_array_free(&change->remove_children);
}
