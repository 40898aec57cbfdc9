/* SCIM's schemas as the service publishes them. */
#include "core/base/buf.h"
#include "core/base/text.h"
#include "sandbox/directory/handlers.h"
#include "sandbox/directory/scim.h"

static const char *scim_type_name(ic_scim_type type) {
    static const char *const names[] = {
        [IC_SCIM_STRING] = "string",       [IC_SCIM_BOOLEAN] = "boolean", [IC_SCIM_DATE_TIME] = "dateTime",
        [IC_SCIM_REFERENCE] = "reference", [IC_SCIM_COMPLEX] = "complex",
    };
    return names[type];
}

static cJSON *scim_attribute_view(const ic_scim_attribute *attribute);

static cJSON *scim_attributes_view(const ic_scim_attribute *attribute) {
    cJSON *list = cJSON_CreateArray();
    for (; attribute->name; attribute++)
        if (attribute->description) ic_append(list, scim_attribute_view(attribute));
    return list;
}

static cJSON *scim_attribute_view(const ic_scim_attribute *attribute) {
    unsigned flags = attribute->flags;
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "name", attribute->name);
    ic_put_text(view, "type", scim_type_name(attribute->type));
    ic_put_bool(view, "multiValued", (flags & IC_SCIM_MULTI) != 0);
    ic_put_text(view, "description", attribute->description);
    ic_put_bool(view, "required", (flags & IC_SCIM_REQUIRED) != 0);
    if (attribute->type == IC_SCIM_STRING) ic_put_bool(view, "caseExact", (flags & IC_SCIM_EXACT) != 0);
    ic_put_text(view, "mutability",
                flags & IC_SCIM_READ_ONLY   ? "readOnly"
                : flags & IC_SCIM_IMMUTABLE ? "immutable"
                                            : "readWrite");
    ic_put_text(view, "returned", flags & IC_SCIM_ALWAYS ? "always" : "default");
    ic_put_text(view, "uniqueness", flags & IC_SCIM_UNIQUE ? "server" : "none");
    if (attribute->subs)
        ic_put(view, "subattributes", scim_attributes_view(attribute->subs)); /* in lower case here */
    return view;
}

static cJSON *scim_schema_view(const ic_company *company, const ic_scim_schema *schema) {
    ic_buf location = {0};
    ic_buf_printf(&location, "%s/scim/v2/Schemas/%s", company->url, schema->id);
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", schema->id);
    ic_put_text(view, "name", schema->name);
    ic_put_text(view, "description", schema->description);
    ic_put(view, "attributes", scim_attributes_view(schema->attributes));
    cJSON *meta = ic_put(view, "meta", cJSON_CreateObject());
    ic_put_text(meta, "resourceType", "Schema");
    ic_put_text(meta, "location", ic_buf_text(&location));
    ic_buf_free(&location);
    return view;
}

static const ic_scim_kind *const kinds[] = {&ic_scim_users, &ic_scim_groups};

void ic_scim_schemas_list(ic_exchange *x) {
    cJSON *answer = cJSON_CreateObject();
    ic_append(ic_put(answer, "schemas", cJSON_CreateArray()), cJSON_CreateString(IC_SCIM_LIST));
    cJSON *resources = cJSON_CreateArray();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (size_t j = 0; j < kinds[i]->schema_count; j++)
            ic_append(resources, scim_schema_view(x->company, &kinds[i]->schemas[j]));
    ic_put_number(answer, "totalResults", cJSON_GetArraySize(resources));
    ic_put(answer, "Resources", resources);
    ic_reply_json(x, 200, answer);
}

void ic_scim_schemas_get(ic_exchange *x) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (size_t j = 0; j < kinds[i]->schema_count; j++)
            if (ic_text_same(kinds[i]->schemas[j].id, x->values[0])) {
                ic_reply_json(x, 200, scim_schema_view(x->company, &kinds[i]->schemas[j]));
                return;
            }
    ic_scim_not_found(x);
}
