/* Entities: list, create, get, update, delete, and their relationship types. */
#include "sandbox/records/entities.h"
#include "core/base/alloc.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record_exchange.h"
#include <string.h>

/* --- what they look like: EntityModel --- */

/* Entities show addresses as objects. */
static void entity_convert_address(cJSON *property) {
    const char *type = ic_json_string(property, "type"), *text = ic_json_string(property, "value");
    if (!type || strcmp(type, "address") != 0 || !text) return;
    cJSON *address = cJSON_CreateObject();
    ic_put_text(address, "raw", text);
    if (!ic_set(property, "value", address)) property->type = cJSON_Invalid;
}

static cJSON *entity_view(const ic_company *company, const ic_item *item) {
    (void)company;
    const ic_entity *entity = (const ic_entity *)item;
    cJSON *view = cJSON_CreateObject(), *property;
    ic_item_put(view, item);
    if (!item->type) ic_put(view, "namedTypeIds", cJSON_CreateArray());
    cJSON_ArrayForEach(property, ic_json_member(view, "properties")) entity_convert_address(property);
    ic_put_text(view, "status", entity->status);
    if (entity->parent) ic_put_text(view, "parentId", entity->parent->item.id);
    return view;
}

void ic_entity_hydrate(const ic_company *company, cJSON *value) {
    const char *id = ic_json_string(value, "recordId");
    const ic_entity *entity = id ? ic_company_entity(company, id) : NULL;
    if (!entity) return;
    cJSON *view = entity_view(company, &entity->item);
    if (entity->item.type)
        ic_put(value, "namedTypeIds", cJSON_DetachItemFromObjectCaseSensitive(view, "namedTypeIds"));
    ic_put_text(value, "readableId", entity->item.readable);
    ic_put(value, "attributes", cJSON_DetachItemFromObjectCaseSensitive(view, "properties"));
    cJSON_Delete(view);
}

/* --- what formulas see --- */

static const char *entity_property_type(void *exchange, const char *property) {
    const ic_exchange *x = exchange;
    bool own = strcmp(property, "status") == 0 || strcmp(property, "parentId") == 0;
    return own ? "string" : ic_item_formula_type(&x->company->relationship_types, property);
}

static cJSON *entity_property_value(const void *item, const char *property) {
    const ic_entity *entity = item;
    if (strcmp(property, "status") == 0) return cJSON_CreateStringReference(entity->status);
    if (strcmp(property, "parentId") == 0)
        return entity->parent ? cJSON_CreateStringReference(entity->parent->item.id) : NULL;
    return ic_item_formula_value(item, property);
}

const ic_item_kind ic_entities = {
    .prefix = "ENTITY",
    .type_field = "relationshipTypeKey",
    .items = offsetof(ic_company, entities),
    .types = offsetof(ic_company, relationship_types),
    .last = offsetof(ic_company, last_entity),
    .view = entity_view,
    .property_type = entity_property_type,
    .property_value = entity_property_value,
};

ic_entity *ic_company_entity(const ic_company *company, const char *id) {
    return (ic_entity *)ic_item_find(&company->entities, id);
}

/* --- list and get --- */

void ic_entities_list(ic_exchange *x) {
    ic_items_reply_list(x, &ic_entities);
}

static void entity_reply(ic_exchange *x, const ic_entity *entity) {
    ic_reply_json(x, 200, entity_view(x->company, &entity->item));
}

void ic_entities_get(ic_exchange *x) {
    const ic_item *item = ic_exchange_item(x, &ic_entities);
    if (item) entity_reply(x, (const ic_entity *)item);
}

/* --- changes --- */

typedef struct change {
    ic_item_change item;
    const char *status; /* NULL: unchanged */
    bool sets_parent;
    ic_entity *parent; /* NULL: none */
} change;

static bool entity_descends(const ic_entity *entity, const ic_entity *from) {
    for (; entity; entity = entity->parent)
        if (entity == from) return true;
    return false;
}

/* {"recordId": …}, by either id. */
static bool entity_read_parent(ic_exchange *x, const char *field, change *wanted, const ic_entity *entity) {
    const cJSON *parent = ic_json_member(x->body, field);
    if (!parent) return true;
    const char *id = ic_json_string(parent, "recordId");
    wanted->sets_parent = true;
    wanted->parent = id ? ic_company_entity(x->company, id) : NULL;
    if (!id)
        ic_reply_error(x, 400, "MISSING_PARAM", field, "missing required parameter 'recordId'");
    else if (!wanted->parent)
        ic_reply_error(x, 400, "NOT_FOUND", field, "couldn't find an entity matching the id %s", id);
    else if (entity && entity_descends(wanted->parent, entity))
        ic_reply_error(x, 400, "INVALID_PARAM", field, "an entity cannot be below itself");
    else
        return true;
    return false;
}

static bool entity_read_removal(ic_exchange *x, change *wanted) {
    if (!cJSON_IsTrue(ic_json_member(x->body, "removeParent"))) return true;
    if (wanted->sets_parent) {
        ic_reply_error(x, 400, "INVALID_PARAM", "removeParent", "it excludes setParent");
        return false;
    }
    wanted->sets_parent = true;
    return true;
}

static void entity_read_status(ic_exchange *x, change *wanted) {
    const char *status = ic_json_string(x->body, "status");
    if (status) wanted->status = strcmp(status, "ACTIVE") == 0 ? "ACTIVE" : "INACTIVE";
}

static bool entity_apply(ic_exchange *x, ic_entity *entity, change *wanted) {
    if (!ic_item_change_apply(x->company, &entity->item, &wanted->item)) return false;
    if (wanted->status) entity->status = wanted->status;
    if (wanted->sets_parent) entity->parent = wanted->parent;
    return true;
}

/* The service's defaults. */
static void entity_put_defaults(cJSON *properties) {
    static const struct {
        const char *key, *value;
    } defaults[] = {{"entity_category", "external"}, {"entity_businessType", "company"}};
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (ic_json_member(properties, defaults[i].key)) continue;
        cJSON *property = ic_put(properties, defaults[i].key, cJSON_CreateObject());
        ic_put_text(property, "type", "string");
        ic_put_text(property, "value", defaults[i].value);
    }
}

static void entity_create(ic_exchange *x, change *wanted) {
    entity_put_defaults(wanted->item.properties);
    ic_entity *entity = ic_whole(wanted->item.properties) ? ic_calloc(1, sizeof *entity) : NULL;
    if (entity) entity->status = "ACTIVE";
    if (entity && entity_apply(x, entity, wanted) && ic_item_add(x->company, &ic_entities, &entity->item)) {
        entity_reply(x, entity); /* with 200, where the document says 201 */
        return;
    }
    if (entity) ic_entity_free(entity);
    ic_reply_no_memory(x);
}

void ic_entities_create(ic_exchange *x) {
    change wanted = {0};
    entity_read_status(x, &wanted);
    if (ic_exchange_may_edit(x) && ic_item_read_all(x, &ic_entities, &wanted.item) &&
        entity_read_parent(x, "parent", &wanted, NULL))
        entity_create(x, &wanted);
    ic_item_change_free(&wanted.item);
}

void ic_entities_update(ic_exchange *x) {
    change wanted = {0};
    ic_entity *entity = ic_exchange_may_edit(x) ? (ic_entity *)ic_exchange_item(x, &ic_entities) : NULL;
    if (!entity) return;
    entity_read_status(x, &wanted);
    if (ic_item_read_some(x, &ic_entities, &wanted.item, &entity->item) &&
        entity_read_parent(x, "setParent", &wanted, entity) && entity_read_removal(x, &wanted)) {
        if (entity_apply(x, entity, &wanted))
            entity_reply(x, entity);
        else
            ic_reply_no_memory(x);
    }
    ic_item_change_free(&wanted.item);
}

void ic_entities_delete(ic_exchange *x) {
    ic_entity *entity = ic_exchange_may_edit(x) ? (ic_entity *)ic_exchange_item(x, &ic_entities) : NULL;
    if (!entity) return;
    const ic_array *entities = &x->company->entities;
    for (size_t i = 0; i < entities->count; i++) {
        ic_entity *other = entities->items[i];
        if (other->parent == entity) other->parent = NULL;
    }
    ic_item_remove(x->company, &ic_entities, &entity->item);
    ic_entity_free(entity);
    ic_reply_nothing(x);
}

void ic_entity_free(ic_entity *entity) {
    ic_item_clear(&entity->item);
    ic_free(entity);
}

/* --- relationship types: a bare array, with more in it than the document says --- */

static cJSON *entity_property_view(const ic_company *company, const ic_item_type *type, const cJSON *property,
                                   unsigned ordering) {
    const char *name = ic_json_string(property, "type");
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", ic_json_string(property, "id"));
    ic_put_text(view, "key", property->string);
    ic_put_text(ic_put(view, "type", cJSON_CreateObject()), "typeName", name);
    ic_put_bool(view, "hidden", false);
    ic_put(view, "aliases", cJSON_CreateArray());
    ic_put_number(view, "ordering", ordering);
    ic_put_bool(view, "required", cJSON_IsTrue(ic_json_member(property, "required")));
    ic_put_text(view, "companyId", company->id);
    ic_put_text(view, "erasedType", name);
    ic_put_text(view, "description", ic_json_string(property, "description"));
    ic_put_text(view, "displayName", ic_json_string(property, "displayName"));
    ic_put_text(view, "namedTypeId", type->id);
    ic_put_text(view, "fullTypeName", name);
    ic_put_bool(view, "systemGenerated", false);
    return view;
}

/* The service shows 32 hexadecimal digits as bytes; the sandbox takes those of the id. */
static cJSON *entity_hash_view(const ic_item_type *type) {
    cJSON *hash = cJSON_CreateObject();
    ic_put_text(hash, "type", "Buffer");
    cJSON *data = ic_put(hash, "data", cJSON_CreateArray());
    for (const char *c = type->id; *c; c++)
        if (*c != '-') ic_append(data, cJSON_CreateNumber(*c));
    return hash;
}

static cJSON *entity_type_view(const ic_company *company, const ic_item_type *type) {
    unsigned ordering = 0;
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", type->id);
    ic_put_text(view, "companyId", company->id);
    ic_put_text(view, "name", type->key);
    ic_put_text(view, "kind", "object");
    ic_put_text(view, "displayName", type->display_name);
    ic_put_text(view, "description", type->description);
    ic_put(view, "typeHash", entity_hash_view(type));
    cJSON *properties = ic_put(view, "properties", cJSON_CreateObject());
    const cJSON *property;
    cJSON_ArrayForEach(property, type->properties)
        ic_put(properties, property->string, entity_property_view(company, type, property, ordering++));
    return view;
}

void ic_entities_types(ic_exchange *x) {
    const ic_array *types = &x->company->relationship_types;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < types->count; i++)
        ic_append(list, entity_type_view(x->company, types->items[i]));
    ic_reply_json(x, 200, list);
}

void ic_entities_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->entities, ic_entity *, ic_entity_free);
    IC_ARRAY_FREE_ALL(&company->relationship_types, ic_item_type *, ic_item_type_free);
}
