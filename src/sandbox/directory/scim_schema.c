#include "sandbox/directory/scim_schema.h"
#include "core/json/json.h"
#include <string.h>
#include <strings.h>

/* --- the attributes --- */

static const ic_scim_attribute name_parts[] = {
    {"formatted", IC_SCIM_STRING, 0, "The whole name, as it is shown", NULL},
    {"familyName", IC_SCIM_STRING, 0, "The family name", NULL},
    {"givenName", IC_SCIM_STRING, 0, "The given name", NULL},
    {0},
};
static const ic_scim_attribute email_parts[] = {
    {"value", IC_SCIM_STRING, 0, "The e-mail address", NULL},
    {"name", IC_SCIM_STRING, IC_SCIM_READ_ONLY, "The address as it is shown", NULL},
    {"type", IC_SCIM_STRING, 0, "What it is for, such as 'work'", NULL},
    {"primary", IC_SCIM_BOOLEAN, 0, NULL, NULL},
    {0},
};
static const ic_scim_attribute manager_parts[] = {
    {"value", IC_SCIM_STRING, IC_SCIM_REQUIRED, "The id of the manager's User resource", NULL},
    {"$ref", IC_SCIM_REFERENCE, IC_SCIM_REQUIRED, "The URI of the manager's User resource", NULL},
    {"displayName", IC_SCIM_STRING, IC_SCIM_READ_ONLY, "The manager's name", NULL},
    {0},
};
static const ic_scim_attribute member_parts[] = {
    {"value", IC_SCIM_STRING, IC_SCIM_IMMUTABLE, "The member's id", NULL},
    {"$ref", IC_SCIM_REFERENCE, IC_SCIM_IMMUTABLE, "The URI of the member's resource", NULL},
    {"type", IC_SCIM_STRING, IC_SCIM_IMMUTABLE, "The kind of member", NULL},
    {0},
};
static const ic_scim_attribute meta_parts[] = {
    {"resourceType", IC_SCIM_STRING, IC_SCIM_READ_ONLY | IC_SCIM_EXACT, NULL, NULL},
    {"created", IC_SCIM_DATE_TIME, IC_SCIM_READ_ONLY, NULL, NULL},
    {"lastModified", IC_SCIM_DATE_TIME, IC_SCIM_READ_ONLY, NULL, NULL},
    {"location", IC_SCIM_REFERENCE, IC_SCIM_READ_ONLY | IC_SCIM_EXACT, NULL, NULL},
    {0},
};

/* Attributes of every resource (RFC 7643, 3.1), which no schema lists. */
static const ic_scim_attribute common[] = {
    {"schemas", IC_SCIM_STRING, IC_SCIM_MULTI | IC_SCIM_READ_ONLY | IC_SCIM_EXACT | IC_SCIM_ALWAYS, NULL,
     NULL},
    {"id", IC_SCIM_STRING, IC_SCIM_READ_ONLY | IC_SCIM_EXACT | IC_SCIM_ALWAYS, NULL, NULL},
    {"externalId", IC_SCIM_STRING, IC_SCIM_EXACT, NULL, NULL},
    {"meta", IC_SCIM_COMPLEX, IC_SCIM_READ_ONLY, NULL, meta_parts},
    {0},
};
static const ic_scim_attribute user_attributes[] = {
    {"userName", IC_SCIM_STRING, IC_SCIM_REQUIRED | IC_SCIM_UNIQUE,
     "The user's e-mail address, by which they sign in; no two users share it", NULL},
    {"name", IC_SCIM_COMPLEX, 0, "The parts of the user's name", name_parts},
    {"displayName", IC_SCIM_STRING, 0, "The user's name as it is shown", NULL},
    {"nickName", IC_SCIM_STRING, 0, "What the user is called", NULL},
    {"title", IC_SCIM_STRING, 0, "The user's job title", NULL},
    {"active", IC_SCIM_BOOLEAN, 0, "Whether the user belongs to the company", NULL},
    {"emails", IC_SCIM_COMPLEX, IC_SCIM_MULTI, "The user's e-mail addresses", email_parts},
    {"password", IC_SCIM_STRING, IC_SCIM_WRITE_ONLY | IC_SCIM_EXACT, NULL, NULL},
    {0},
};
static const ic_scim_attribute enterprise_attributes[] = {
    {"employeeNumber", IC_SCIM_STRING, 0, "The person's number in the company", NULL},
    {"costCenter", IC_SCIM_STRING, 0, "The name of a cost center", NULL},
    {"organization", IC_SCIM_STRING, 0, "The name of an organization", NULL},
    {"department", IC_SCIM_STRING, 0, "The name of a department", NULL},
    {"manager", IC_SCIM_COMPLEX, 0, "The user's manager", manager_parts},
    {0},
};
static const ic_scim_attribute ironclad_attributes[] = {
    {"departmentHead", IC_SCIM_STRING, 0,
     "The e-mail address (userName) of the head of the user's department", NULL},
    {"provider", IC_SCIM_STRING, IC_SCIM_READ_ONLY, NULL, NULL},
    {"allowProviderConversion", IC_SCIM_BOOLEAN, 0, NULL, NULL},
    {0},
};
static const ic_scim_attribute group_attributes[] = {
    {"displayName", IC_SCIM_STRING, IC_SCIM_REQUIRED, "The group's name", NULL},
    {"members", IC_SCIM_COMPLEX, IC_SCIM_MULTI, "The group's members", member_parts},
    {0},
};

static const ic_scim_schema user_schemas[] = {
    {IC_SCIM_USER, "User", "User Account", user_attributes, false},
    {IC_SCIM_ENTERPRISE, "EnterpriseUser", "Enterprise User", enterprise_attributes, true},
    {IC_SCIM_IRONCLAD, "IroncladUser", "Ironclad User", ironclad_attributes, true},
};
static const ic_scim_schema group_schemas[] = {{IC_SCIM_GROUP, "Group", "Group", group_attributes, false}};

const ic_scim_kind ic_scim_users = {"User", "Users", user_schemas, 3},
                   ic_scim_groups = {"Group", "Groups", group_schemas, 1};

/* --- paths --- */

const ic_scim_attribute *ic_scim_find(const ic_scim_attribute *list, const char *name, size_t length) {
    for (; list && list->name; list++)
        if (strncasecmp(list->name, name, length) == 0 && !list->name[length]) return list;
    return NULL;
}

/* The schema whose id precedes the attribute. Sets *rest to what follows: a colon and the attribute, or
 * nothing. */
static const ic_scim_schema *scim_find_schema(const ic_scim_kind *kind, const char **text, size_t *length) {
    for (size_t i = 0; i < kind->schema_count; i++) {
        const ic_scim_schema *schema = &kind->schemas[i];
        size_t size = strlen(schema->id);
        if (*length < size || strncasecmp(*text, schema->id, size) != 0) continue;
        if (*length > size && (*text)[size] != ':') continue;
        size_t step = *length > size ? size + 1 : size;
        *text += step;
        *length -= step;
        return schema;
    }
    return NULL;
}

static bool scim_read_names(const ic_scim_attribute *first, const ic_scim_attribute *second, const char *text,
                            size_t length, ic_scim_path *path) {
    const char *dot = memchr(text, '.', length);
    size_t head = dot ? (size_t)(dot - text) : length;
    path->attribute = ic_scim_find(first, text, head);
    if (!path->attribute) path->attribute = ic_scim_find(second, text, head);
    if (!path->attribute || !dot) return path->attribute != NULL;
    path->sub = ic_scim_find(path->attribute->subs, dot + 1, length - head - 1);
    return path->sub != NULL;
}

bool ic_scim_path_parse(const ic_scim_kind *kind, const ic_scim_attribute *within, const char *text,
                        size_t length, ic_scim_path *path) {
    *path = (ic_scim_path){0};
    if (within) return scim_read_names(within->subs, NULL, text, length, path);
    const ic_scim_schema *schema = scim_find_schema(kind, &text, &length);
    if (!schema) return scim_read_names(common, kind->schemas[0].attributes, text, length, path);
    if (schema->extension) path->extension = schema->id;
    if (!length) return schema->extension;
    return scim_read_names(schema->attributes, schema->extension ? NULL : common, text, length, path);
}

cJSON *ic_scim_holder(const ic_scim_path *path, cJSON *resource) {
    return path->extension ? ic_json_member(resource, path->extension) : resource;
}

/* --- values --- */

static cJSON *scim_accept_boolean(const cJSON *value) {
    const char *text = cJSON_GetStringValue(value);
    if (cJSON_IsBool(value)) return cJSON_CreateBool(cJSON_IsTrue(value));
    if (text && strcasecmp(text, "true") == 0) return cJSON_CreateTrue();
    return text && strcasecmp(text, "false") == 0 ? cJSON_CreateFalse() : NULL;
}

static cJSON *scim_accept_complex(const ic_scim_attribute *attribute, const cJSON *value) {
    if (!cJSON_IsObject(value)) return NULL;
    cJSON *kept = cJSON_CreateObject();
    const cJSON *part;
    cJSON_ArrayForEach(part, value) {
        const ic_scim_attribute *known = ic_scim_find(attribute->subs, part->string, strlen(part->string));
        if (!known || ic_json_member(kept, known->name)) continue;
        cJSON *accepted = ic_scim_accept(known, part);
        if (kept && accepted && cJSON_AddItemToObject(kept, known->name, accepted)) continue;
        cJSON_Delete(accepted);
        cJSON_Delete(kept);
        return NULL;
    }
    return kept;
}

cJSON *ic_scim_accept(const ic_scim_attribute *attribute, const cJSON *value) {
    switch (attribute->type) {
    case IC_SCIM_BOOLEAN: return scim_accept_boolean(value);
    case IC_SCIM_COMPLEX: return scim_accept_complex(attribute, value);
    case IC_SCIM_STRING:
    case IC_SCIM_DATE_TIME:
    case IC_SCIM_REFERENCE: break;
    }
    return cJSON_IsString(value) ? cJSON_Duplicate(value, false) : NULL;
}

/* --- what is left out --- */

static void scim_exclude_part(cJSON *values, const ic_scim_attribute *sub) {
    cJSON *value;
    if (cJSON_IsObject(values)) cJSON_DeleteItemFromObjectCaseSensitive(values, sub->name);
    if (!cJSON_IsArray(values)) return;
    cJSON_ArrayForEach(value, values) cJSON_DeleteItemFromObjectCaseSensitive(value, sub->name);
}

static void scim_exclude_attribute(const ic_scim_path *path, cJSON *resource) {
    cJSON *holder = ic_scim_holder(path, resource);
    if (!path->attribute)
        cJSON_DeleteItemFromObjectCaseSensitive(resource, path->extension);
    else if (path->sub)
        scim_exclude_part(ic_json_member(holder, path->attribute->name), path->sub);
    else if (holder && !(path->attribute->flags & IC_SCIM_ALWAYS))
        cJSON_DeleteItemFromObjectCaseSensitive(holder, path->attribute->name);
}

void ic_scim_exclude(const ic_scim_kind *kind, cJSON *resource, const char *list) {
    for (const char *at = list; resource && at && *at;) {
        at += strspn(at, ", ");
        size_t length = strcspn(at, ", ");
        ic_scim_path path;
        if (length && ic_scim_path_parse(kind, NULL, at, length, &path))
            scim_exclude_attribute(&path, resource);
        at += length;
    }
}
