#include "sandbox/records/items.h"
#include "core/base/alloc.h"
#include "sandbox/records/record_values.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- finding --- */

static const ic_array *item_list_at(const ic_company *company, size_t offset) {
    return (const void *)((const char *)company + offset);
}

static void *item_member_at(ic_company *company, size_t offset) {
    return (char *)company + offset;
}

ic_item *ic_item_find(const ic_array *items, const char *id) {
    for (size_t i = 0; i < items->count; i++) {
        ic_item *item = items->items[i];
        if (strcmp(item->id, id) == 0 || strcmp(item->readable, id) == 0) return item;
    }
    return NULL;
}

ic_item *ic_exchange_item(ic_exchange *x, const ic_item_kind *kind) {
    ic_item *item = ic_item_find(item_list_at(x->company, kind->items), x->values[0]);
    if (!item)
        ic_reply_error(x, 404, "NOT_FOUND", NULL, "Record id %s doesn't exist, or no access", x->values[0]);
    return item;
}

ic_item_type *ic_item_type_find(const ic_array *types, const char *key) {
    for (size_t i = 0; i < types->count; i++) {
        ic_item_type *type = types->items[i];
        if (strcmp(type->key, key) == 0) return type;
    }
    return NULL;
}

static const cJSON *item_find_property(const ic_array *types, const char *property) {
    for (size_t i = 0; i < types->count; i++) {
        const cJSON *known = ic_json_member(((const ic_item_type *)types->items[i])->properties, property);
        if (known) return known;
    }
    return NULL;
}

const char *ic_item_property_type(const ic_array *types, const char *property) {
    return ic_json_string(item_find_property(types, property), "type");
}

/* --- the list --- */

const char *ic_item_formula_type(const ic_array *types, const char *property) {
    if (strcmp(property, "name") == 0 || strcmp(property, "readableId") == 0) return "string";
    if (strcmp(property, "lastUpdated") == 0) return "date";
    return ic_item_property_type(types, property);
}

cJSON *ic_item_formula_value(const void *item, const char *property) {
    const ic_item *this = item;
    if (strcmp(property, "name") == 0) return cJSON_CreateStringReference(this->name);
    if (strcmp(property, "readableId") == 0) return cJSON_CreateStringReference(this->readable);
    if (strcmp(property, "lastUpdated") == 0) return cJSON_CreateString(ic_time_print(this->updated).text);
    const cJSON *value = ic_json_member(ic_json_member(this->properties, property), "value");
    return value ? cJSON_Duplicate(value, true) : NULL;
}

static int item_by_number(const ic_item *a, const ic_item *b) {
    return a->number < b->number ? -1 : a->number > b->number;
}

static int item_by_name(const void *a, const void *b) {
    const ic_item *left = *(ic_item *const *)a, *right = *(ic_item *const *)b;
    int order = strcasecmp(left->name, right->name);
    return order ? order : item_by_number(left, right);
}

static int item_by_update(const void *a, const void *b) {
    const ic_item *left = *(ic_item *const *)a, *right = *(ic_item *const *)b;
    if (left->updated != right->updated) return left->updated < right->updated ? -1 : 1;
    return item_by_number(left, right);
}

static bool item_query_is(const ic_exchange *x, const char *name, const char *wanted) {
    const char *value = ic_exchange_query(x, name);
    return value && strcmp(value, wanted) == 0;
}

static bool item_select(const ic_array *items, const ic_formula *filter, ic_formula_get value_of,
                        ic_array *selected) {
    for (size_t i = 0; i < items->count; i++)
        if ((!filter || ic_formula_holds(filter, value_of, items->items[i])) &&
            !ic_array_push(selected, items->items[i]))
            return false;
    return true;
}

static void item_reply_selected(ic_exchange *x, const ic_item_kind *kind, const ic_array *selected) {
    bool rising = item_query_is(x, "sortDirection", "ASC");
    size_t count = selected->count;
    if (count)
        qsort(selected->items, count, sizeof *selected->items,
              item_query_is(x, "sortField", "lastUpdated") ? item_by_update : item_by_name);
    ic_page page = ic_exchange_page(x);
    cJSON *list = cJSON_CreateArray();
    for (size_t i = page.number * page.size; i < count && i < (page.number + 1) * page.size; i++)
        ic_append(list, kind->view(x->company, selected->items[rising ? i : count - 1 - i]));
    ic_reply_page(x, page, count, list);
}

void ic_items_reply_list(ic_exchange *x, const ic_item_kind *kind) {
    ic_formula *filter;
    ic_array selected = {0};
    if (!ic_exchange_filter(x, kind->property_type, x, &filter)) return;
    if (item_select(item_list_at(x->company, kind->items), filter, kind->property_value, &selected))
        item_reply_selected(x, kind, &selected);
    else
        ic_reply_no_memory(x);
    ic_array_free(&selected);
    ic_formula_free(filter);
}

/* --- what a request says --- */

static bool item_read_name(ic_exchange *x, ic_item_change *change) {
    change->name = ic_json_string(x->body, "name");
    if (!change->name || *change->name) return true;
    ic_reply_error(x, 400, "INVALID_PARAM", "name", "the name is empty");
    return false;
}

/* A list of one key; the service does not support more. */
static bool item_read_type(ic_exchange *x, const ic_item_kind *kind, ic_item_change *change) {
    const cJSON *keys = ic_json_member(x->body, kind->type_field);
    if (!keys) return true;
    const char *key = cJSON_GetStringValue(keys->child);
    if (!key || keys->child->next) {
        ic_reply_error(x, 400, "INVALID_PARAM", kind->type_field, "expected an array of one key");
        return false;
    }
    change->type = ic_item_type_find(item_list_at(x->company, kind->types), key);
    if (!change->type) ic_reply_error(x, 400, "INVALID_PARAM", kind->type_field, "unknown type %s", key);
    return change->type != NULL;
}

/* The properties of all types of the kind. Spoiled (build.h) when out of memory. */
static cJSON *item_known_properties(const ic_array *types) {
    cJSON *known = cJSON_CreateObject();
    for (size_t i = 0; i < types->count; i++) {
        const cJSON *property;
        cJSON_ArrayForEach(property, ((const ic_item_type *)types->items[i])->properties) {
            if (!ic_json_member(known, property->string))
                ic_put(known, property->string, cJSON_Duplicate(property, true));
        }
    }
    return known;
}

static bool item_add_properties(ic_exchange *x, const ic_item_kind *kind, ic_item_change *change,
                                const char *field) {
    cJSON *known = item_known_properties(item_list_at(x->company, kind->types));
    const cJSON *given = ic_json_member(x->body, field);
    bool whole = ic_whole(known);
    if (whole && !ic_properties_add(x, known, change->properties, given, field, true)) {
        cJSON_Delete(known);
        return false;
    }
    cJSON_Delete(known);
    whole = whole && ic_whole(change->properties);
    if (!whole) ic_reply_no_memory(x);
    return whole;
}

bool ic_item_read_all(ic_exchange *x, const ic_item_kind *kind, ic_item_change *change) {
    change->properties = cJSON_CreateObject();
    if (!change->properties) {
        ic_reply_no_memory(x);
        return false;
    }
    return item_read_name(x, change) && item_read_type(x, kind, change) &&
           item_add_properties(x, kind, change, "properties");
}

bool ic_item_read_some(ic_exchange *x, const ic_item_kind *kind, ic_item_change *change,
                       const ic_item *item) {
    const cJSON *removed;
    change->properties = cJSON_Duplicate(item->properties, true);
    if (!change->properties) {
        ic_reply_no_memory(x);
        return false;
    }
    cJSON_ArrayForEach(removed, ic_json_member(x->body, "removeProperties")) {
        if (!cJSON_IsString(removed)) {
            ic_reply_error(x, 400, "INVALID_PARAM", "removeProperties", "expected an array of strings");
            return false;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(change->properties, removed->valuestring);
    }
    return item_read_name(x, change) && item_read_type(x, kind, change) &&
           item_add_properties(x, kind, change, "addProperties");
}

void ic_item_change_free(ic_item_change *change) {
    cJSON_Delete(change->properties);
}

bool ic_item_change_apply(const ic_company *company, ic_item *item, ic_item_change *change) {
    char *name = ic_strdup(change->name);
    if (change->name && !name) return false;
    if (name) {
        ic_free(item->name);
        item->name = name;
    }
    if (change->type) item->type = change->type;
    cJSON_Delete(item->properties);
    item->properties = change->properties;
    change->properties = NULL;
    item->updated = ic_company_now(company);
    return true;
}

/* --- life --- */

bool ic_item_add(ic_company *company, const ic_item_kind *kind, ic_item *item) {
    if (!ic_array_push(item_member_at(company, kind->items), item)) return false;
    unsigned *last = item_member_at(company, kind->last);
    item->number = ++*last;
    snprintf(item->readable, sizeof item->readable, "%s-%u", kind->prefix, item->number);
    ic_new_uuid(company, item->id);
    return true;
}

void ic_item_remove(ic_company *company, const ic_item_kind *kind, const ic_item *item) {
    ic_array_drop(item_member_at(company, kind->items), item);
}

void ic_item_clear(ic_item *item) {
    ic_free(item->name);
    cJSON_Delete(item->properties);
}

void ic_item_type_free(ic_item_type *type) {
    ic_free(type->key);
    ic_free(type->display_name);
    ic_free(type->description);
    cJSON_Delete(type->properties);
    ic_free(type);
}

void ic_item_put(cJSON *view, const ic_item *item) {
    ic_put_text(view, "id", item->id);
    ic_put_text(view, "ironcladId", item->readable);
    ic_put_text(view, "name", item->name);
    ic_put_text(view, "lastUpdated", ic_time_print(item->updated).text);
    ic_put(view, "properties", cJSON_Duplicate(item->properties, true));
    if (item->type)
        ic_append(ic_put(view, "namedTypeIds", cJSON_CreateArray()), cJSON_CreateString(item->type->id));
}
