/* Fixtures of entities and obligations, and of their types. */
#include "../core/alloc.h"
#include "build.h"
#include "entities.h"
#include "loaders.h"
#include "obligations.h"
#include "values.h"
#include <string.h>

/* --- {"key", "displayName", "description", "like": key of a type whose properties it has too,
 *      "properties": {key: {"type", "displayName", "description", "required"}}} --- */

static void load_properties(ic_loader *load, ic_item_type *type, const cJSON *source) {
    const cJSON *property;
    cJSON_ArrayForEach(property, source) {
        if (!ic_json_string(property, "type") || !ic_json_string(property, "displayName") ||
            !ic_json_string(property, "description"))
            ic_loader_fail(load, "fixtures: property '%s' needs type, displayName and description",
                           property->string);
        ic_uuid id;
        ic_new_uuid(load->world, id);
        cJSON *kept = ic_put(type->properties, property->string, cJSON_Duplicate(property, true));
        if (!kept || !ic_set(kept, "id", cJSON_CreateString(id))) ic_loader_no_memory(load);
    }
}

static ic_item_type *find_type(ic_loader *load, const ic_array *types, const char *key) {
    ic_item_type *type = key ? ic_item_type_find(types, key) : NULL;
    if (key && !type) ic_loader_fail(load, "fixtures: no type '%s'", key);
    return type;
}

static void fill_type(ic_loader *load, ic_item_type *type, const cJSON *source, const ic_item_type *model) {
    ic_new_uuid(load->world, type->id);
    type->key = ic_strdup(ic_json_string(source, "key"));
    type->display_name = ic_strdup(ic_json_string(source, "displayName"));
    type->description = ic_strdup(ic_json_string(source, "description"));
    type->properties = cJSON_CreateObject();
    if (!type->key || !type->display_name || !type->description || !type->properties)
        ic_loader_no_memory(load);
    if (model) load_properties(load, type, model->properties);
    load_properties(load, type, ic_json_member(source, "properties"));
}

static void load_type(ic_loader *load, ic_array *types, const cJSON *source) {
    const ic_item_type *model = find_type(load, types, ic_json_string(source, "like"));
    if (!ic_json_string(source, "key") || !ic_json_string(source, "displayName") ||
        !ic_json_string(source, "description"))
        ic_loader_fail(load, "fixtures: a type needs key, displayName and description");
    if (load->failed) return;
    ic_item_type *type = ic_calloc(1, sizeof *type);
    if (!type || !ic_array_push(types, type)) {
        ic_free(type);
        ic_loader_no_memory(load);
        return;
    }
    fill_type(load, type, source, model);
}

void ic_load_relationship_type(ic_loader *load, const cJSON *source) {
    load_type(load, &load->world->relationship_types, source);
}

void ic_load_obligation_type(ic_loader *load, const cJSON *source) {
    load_type(load, &load->world->obligation_types, source);
}

/* --- {"name", "type": key, "properties": {key: value}, "updatedDaysAgo"} of both --- */

static void load_values(ic_loader *load, const ic_array *types, ic_item *item, const cJSON *values) {
    item->properties = cJSON_CreateObject();
    const cJSON *value;
    cJSON_ArrayForEach(value, values) {
        const char *type = ic_item_property_type(types, value->string);
        if (!type || !ic_value_fits(type, value)) {
            ic_loader_fail(load, "fixtures: '%s' is no property, or this is no value for it", value->string);
            return;
        }
        cJSON *property = ic_put(item->properties, value->string, cJSON_CreateObject());
        ic_put_text(property, "type", type);
        ic_put(property, "value", ic_value_as_kept(type, value));
    }
    if (!ic_whole(item->properties)) ic_loader_no_memory(load);
}

static void load_item(ic_loader *load, const ic_array *types, ic_item *item, const cJSON *source) {
    const char *name = ic_json_string(source, "name");
    item->type = find_type(load, types, ic_json_string(source, "type"));
    if (!name) ic_loader_fail(load, "fixtures: an entity or obligation needs a name");
    item->name = ic_strdup(name);
    item->updated = ic_load_days_ago(load->world, source, "updatedDaysAgo");
    if (!item->name) ic_loader_no_memory(load);
    load_values(load, types, item, ic_json_member(source, "properties"));
}

/* Adds it once it is filled in; false: it is still the caller's. */
static bool keep(ic_loader *load, const ic_item_kind *kind, ic_item *item) {
    return !load->failed && (ic_item_add(load->world, kind, item) || ic_loader_no_memory(load));
}

/* --- "inactive": true, "parent": id of an entity before it --- */

void ic_load_entity(ic_loader *load, const cJSON *source) {
    const char *above = ic_json_string(source, "parent");
    ic_entity *entity = ic_calloc(1, sizeof *entity);
    if (!entity) {
        ic_loader_no_memory(load);
        return;
    }
    entity->status = cJSON_IsTrue(ic_json_member(source, "inactive")) ? "INACTIVE" : "ACTIVE";
    entity->parent = above ? ic_world_entity(load->world, above) : NULL;
    if (above && !entity->parent) ic_loader_fail(load, "fixtures: no entity '%s'", above);
    load_item(load, &load->world->relationship_types, &entity->item, source);
    if (!keep(load, &ic_entities, &entity->item)) ic_entity_free(entity);
}

/* --- "record": id or name of a record --- */

static ic_record *find_record(const ic_world *world, const char *id_or_name) {
    ic_record *record = ic_world_record(world, id_or_name);
    for (size_t i = 0; !record && i < world->records_by_name.count; i++) {
        ic_record *each = world->records_by_name.items[i];
        if (strcmp(each->name, id_or_name) == 0) record = each;
    }
    return record;
}

void ic_load_obligation(ic_loader *load, const cJSON *source) {
    const char *of = ic_json_string(source, "record");
    ic_record *record = of ? find_record(load->world, of) : NULL;
    if (!record) ic_loader_fail(load, "fixtures: no record '%s'", of ? of : "(nothing)");
    ic_obligation *obligation = load->failed ? NULL : ic_calloc(1, sizeof *obligation);
    if (!obligation) {
        ic_loader_no_memory(load);
        return;
    }
    load_item(load, &load->world->obligation_types, &obligation->item, source);
    if (keep(load, &ic_obligations, &obligation->item))
        ic_obligation_join(obligation, record);
    else
        ic_obligation_free(obligation);
}
