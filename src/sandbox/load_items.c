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

static bool load_properties(ic_world *world, ic_item_type *type, const cJSON *source, char *error,
                            size_t size) {
    const cJSON *property;
    cJSON_ArrayForEach(property, source) {
        if (!ic_json_string(property, "type") || !ic_json_string(property, "displayName") ||
            !ic_json_string(property, "description"))
            return ic_load_fail(error, size, "type, displayName and description are needed by property",
                                property->string);
        ic_uuid id;
        ic_new_uuid(world, id);
        cJSON *kept = ic_put(type->properties, property->string, cJSON_Duplicate(property, true));
        ic_set(kept, "id", cJSON_CreateString(id));
    }
    return true;
}

static bool load_type(ic_world *world, ic_array *types, const cJSON *source, char *error, size_t size) {
    const char *key = ic_json_string(source, "key"), *name = ic_json_string(source, "displayName");
    const char *description = ic_json_string(source, "description"), *like = ic_json_string(source, "like");
    const ic_item_type *model = like ? ic_item_type_find(types, like) : NULL;
    if (!key || !name || !description)
        return ic_load_fail(error, size, "key, displayName and description are needed by type", key);
    if (like && !model) return ic_load_fail(error, size, "no type", like);
    ic_item_type *type = ic_calloc(1, sizeof *type);
    if (!type || !ic_array_push(types, type)) {
        ic_free(type);
        return ic_load_no_memory(error, size);
    }
    ic_new_uuid(world, type->id);
    type->key = ic_strdup(key);
    type->display_name = ic_strdup(name);
    type->description = ic_strdup(description);
    type->properties = cJSON_CreateObject();
    if (!type->key || !type->display_name || !type->description) return ic_load_no_memory(error, size);
    return load_properties(world, type, model ? model->properties : NULL, error, size) &&
           load_properties(world, type, ic_json_member(source, "properties"), error, size) &&
           (ic_whole(type->properties) || ic_load_no_memory(error, size));
}

bool ic_load_relationship_type(ic_world *world, const cJSON *source, char *error, size_t size) {
    return load_type(world, &world->relationship_types, source, error, size);
}

bool ic_load_obligation_type(ic_world *world, const cJSON *source, char *error, size_t size) {
    return load_type(world, &world->obligation_types, source, error, size);
}

/* --- {"name", "type": key, "properties": {key: value}, "updatedDaysAgo"} of both --- */

static bool load_values(const ic_array *types, ic_item *item, const cJSON *values, char *error, size_t size) {
    item->properties = cJSON_CreateObject();
    const cJSON *value;
    cJSON_ArrayForEach(value, values) {
        const char *type = ic_item_property_type(types, value->string);
        if (!type || !ic_value_fits(type, value))
            return ic_load_fail(error, size, "no property, or no value for it:", value->string);
        cJSON *property = ic_put(item->properties, value->string, cJSON_CreateObject());
        ic_put_text(property, "type", type);
        ic_put(property, "value", cJSON_Duplicate(value, true));
    }
    return ic_whole(item->properties) || ic_load_no_memory(error, size);
}

static bool load_item(ic_world *world, const ic_array *types, ic_item *item, const cJSON *source, char *error,
                      size_t size) {
    const char *name = ic_json_string(source, "name"), *key = ic_json_string(source, "type");
    if (!name) return ic_load_fail(error, size, "an entity or obligation needs a name, not", name);
    item->type = key ? ic_item_type_find(types, key) : NULL;
    if (key && !item->type) return ic_load_fail(error, size, "no type", key);
    item->name = ic_strdup(name);
    item->updated = ic_load_days_ago(world, source, "updatedDaysAgo");
    if (!item->name) return ic_load_no_memory(error, size);
    return load_values(types, item, ic_json_member(source, "properties"), error, size);
}

/* --- "inactive": true, "parent": id of an entity before it --- */

bool ic_load_entity(ic_world *world, const cJSON *source, char *error, size_t size) {
    const char *above = ic_json_string(source, "parent");
    ic_entity *parent = above ? ic_world_entity(world, above) : NULL;
    if (above && !parent) return ic_load_fail(error, size, "no entity", above);
    ic_entity *entity = ic_calloc(1, sizeof *entity);
    if (!entity) return ic_load_no_memory(error, size);
    entity->status = cJSON_IsTrue(ic_json_member(source, "inactive")) ? "INACTIVE" : "ACTIVE";
    entity->parent = parent;
    if (load_item(world, &world->relationship_types, &entity->item, source, error, size)) {
        if (ic_item_add(world, &ic_entities, &entity->item)) return true;
        ic_load_no_memory(error, size);
    }
    ic_entity_free(entity);
    return false;
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

bool ic_load_obligation(ic_world *world, const cJSON *source, char *error, size_t size) {
    const char *of = ic_json_string(source, "record");
    ic_record *record = of ? find_record(world, of) : NULL;
    if (!record) return ic_load_fail(error, size, "no record", of);
    ic_obligation *obligation = ic_calloc(1, sizeof *obligation);
    if (!obligation) return ic_load_no_memory(error, size);
    if (load_item(world, &world->obligation_types, &obligation->item, source, error, size)) {
        if (ic_item_add(world, &ic_obligations, &obligation->item)) {
            ic_obligation_join(obligation, record);
            return true;
        }
        ic_load_no_memory(error, size);
    }
    ic_obligation_free(obligation);
    return false;
}
