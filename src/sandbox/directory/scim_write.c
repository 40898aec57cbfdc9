/* Reads SCIM bodies: whole resources (POST, PUT) and changes (PATCH). */
#include "sandbox/directory/scim.h"
#include "sandbox/directory/scim_filter.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- whole bodies --- */

static bool scim_patch_names_schema(const cJSON *schemas, const char *wanted) {
    const cJSON *schema;
    cJSON_ArrayForEach(schema, schemas) {
        if (cJSON_IsString(schema) && strcasecmp(schema->valuestring, wanted) == 0) return true;
    }
    return false;
}

static bool scim_patch_check_schemas(ic_exchange *x, const char *wanted) {
    const cJSON *schemas = ic_json_member(x->body, "schemas");
    if (scim_patch_names_schema(schemas, wanted)) return true;
    ic_scim_refuse_value(x, "schemas", schemas);
    return false;
}

/* All values of a member as the attribute stores them. NULL: one does not fit, or no memory. */
static cJSON *scim_accept_all(const ic_scim_attribute *attribute, const cJSON *given) {
    if (!(attribute->flags & IC_SCIM_MULTI)) return ic_scim_accept(attribute, given);
    cJSON *list = cJSON_IsArray(given) ? cJSON_CreateArray() : NULL;
    const cJSON *value;
    cJSON_ArrayForEach(value, given) {
        cJSON *kept = list ? ic_scim_accept(attribute, value) : NULL;
        if (kept && cJSON_AddItemToArray(list, kept)) continue;
        cJSON_Delete(kept);
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

/* Names the innermost member that does not fit. */
static void scim_patch_refuse_member(ic_exchange *x, const ic_scim_path *path, const cJSON *given) {
    char name[160];
    const ic_scim_attribute *attribute = path->attribute;
    const cJSON *part, *wrong = given;
    int length = snprintf(name, sizeof name, "%s%s%s", path->extension ? path->extension : "",
                          path->extension ? ":" : "", attribute->name);
    cJSON_ArrayForEach(part, given) {
        if (!part->string) break; /* an array */
        const ic_scim_attribute *sub = ic_scim_find(attribute->subs, part->string, strlen(part->string));
        cJSON *kept = sub ? ic_scim_accept(sub, part) : NULL;
        if (sub && !kept && wrong == given) {
            snprintf(name + length, sizeof name - (size_t)length, ".%s", sub->name);
            wrong = part;
        }
        cJSON_Delete(kept);
    }
    ic_scim_refuse_value(x, name, wrong);
}

/* Copies the given writable attributes to `holder`. null counts as not given. */
static bool scim_patch_read_members(ic_exchange *x, const ic_scim_kind *kind, const char *schema,
                                    const cJSON *given, cJSON *holder) {
    const cJSON *member;
    cJSON_ArrayForEach(member, given) {
        char name[160];
        ic_scim_path path;
        snprintf(name, sizeof name, "%s:%s", schema, member->string);
        if (cJSON_IsNull(member) || !ic_scim_path_parse(kind, NULL, name, strlen(name), &path) ||
            !path.attribute || path.sub || (path.attribute->flags & IC_SCIM_READ_ONLY))
            continue;
        cJSON *kept = scim_accept_all(path.attribute, member);
        if (!kept) {
            scim_patch_refuse_member(x, &path, member);
            return false;
        }
        if (!ic_set(holder, path.attribute->name, kept)) {
            ic_reply_no_memory(x);
            return false;
        }
    }
    return true;
}

cJSON *ic_scim_read(ic_exchange *x, const ic_scim_kind *kind) {
    if (!scim_patch_check_schemas(x, kind->schemas[0].id)) return NULL;
    cJSON *resource = cJSON_CreateObject();
    bool fine = scim_patch_read_members(x, kind, kind->schemas[0].id, x->body, resource);
    for (size_t i = 1; fine && i < kind->schema_count; i++) {
        const char *id = kind->schemas[i].id;
        const cJSON *given = ic_json_member(x->body, id);
        if (given)
            fine = scim_patch_read_members(x, kind, id, given, ic_put(resource, id, cJSON_CreateObject()));
    }
    if (fine) return resource;
    cJSON_Delete(resource);
    return NULL;
}

/* --- PATCH --- */

typedef struct operation {
    ic_exchange *x;
    const ic_scim_kind *kind;
    unsigned kind_of_change;
    const char *path;
    ic_scim_target target;
    const cJSON *value;
    cJSON *resource;
} operation;

static bool scim_patch_no_memory(const operation *op) {
    ic_reply_no_memory(op->x);
    return false;
}

static bool scim_patch_refuse(const operation *op, const char *type, const char *why) {
    ic_reply_scim_error(op->x, 400, type, "%s: %.200s", why, op->path);
    return false;
}

static bool scim_patch_refuse_value(const operation *op) {
    ic_scim_refuse_value(op->x, op->path, op->value);
    return false;
}

/* Merges the sub-attributes into the object, and takes ownership of them. NULL: the value does not fit. */
static bool scim_patch_merge(const operation *op, cJSON *object, cJSON *parts) {
    const cJSON *part;
    bool done = true;
    cJSON_ArrayForEach(part, parts) done = done && ic_set(object, part->string, cJSON_Duplicate(part, true));
    if (!parts) return scim_patch_refuse_value(op);
    cJSON_Delete(parts);
    return done || scim_patch_no_memory(op);
}

static bool scim_patch_set_member(const operation *op, cJSON *object, const ic_scim_attribute *attribute) {
    cJSON *kept = ic_scim_accept(attribute, op->value);
    cJSON *before = attribute->type == IC_SCIM_COMPLEX ? ic_json_member(object, attribute->name) : NULL;
    if (before || !kept) return scim_patch_merge(op, before, kept);
    return ic_set(object, attribute->name, kept) || scim_patch_no_memory(op);
}

/* Changes one sub-attribute, or the given ones, of a value of a multi-valued attribute. */
static bool scim_patch_set_value(const operation *op, cJSON *value) {
    const ic_scim_attribute *attribute = op->target.path.attribute, *sub = op->target.path.sub;
    return sub ? scim_patch_set_member(op, value, sub)
               : scim_patch_merge(op, value, ic_scim_accept(attribute, op->value));
}

/* Whether the list contains the value; complex values are compared by their `value`. */
static bool scim_patch_holds(const cJSON *list, const cJSON *value) {
    const char *wanted = ic_json_string(value, "value");
    const cJSON *each;
    cJSON_ArrayForEach(each, list) {
        const char *has = ic_json_string(each, "value");
        if (wanted && has ? strcmp(wanted, has) == 0 : cJSON_Compare(each, value, true)) return true;
    }
    return false;
}

/* The operation's values as a list, even if only one is given. NULL: answered with an error. */
static cJSON *scim_patch_read_list(const operation *op) {
    const ic_scim_attribute *attribute = op->target.path.attribute;
    cJSON *list = NULL;
    if (cJSON_IsArray(op->value)) {
        list = scim_accept_all(attribute, op->value);
    } else {
        cJSON *one = op->value ? ic_scim_accept(attribute, op->value) : NULL;
        if (one) ic_append(list = cJSON_CreateArray(), one);
    }
    if (!list) scim_patch_refuse_value(op);
    return list;
}

static bool scim_patch_change_list(const operation *op, cJSON *holder) {
    const char *name = op->target.path.attribute->name;
    cJSON *given = scim_patch_read_list(op), *value, *list = ic_json_member(holder, name);
    if (!given) return false;
    if (!list || op->kind_of_change == IC_SCIM_REPLACE)
        return ic_set(holder, name, given) || scim_patch_no_memory(op);
    while ((value = cJSON_DetachItemFromArray(given, 0))) {
        if (scim_patch_holds(list, value))
            cJSON_Delete(value);
        else
            ic_append(list, value);
    }
    cJSON_Delete(given);
    return true;
}

/* Changes the values that the filter selects, or all without a filter. */
static bool scim_patch_change_values(const operation *op, const cJSON *list) {
    cJSON *value;
    bool found = false;
    cJSON_ArrayForEach(value, list) {
        if (op->target.filter && !ic_scim_filter_matches(op->target.filter, value)) continue;
        found = true;
        if (!scim_patch_set_value(op, value)) return false;
    }
    return found || scim_patch_refuse(op, "noTarget", "No value matches the path");
}

static bool scim_patch_change_part(const operation *op, cJSON *holder) {
    const char *name = op->target.path.attribute->name;
    cJSON *whole = ic_json_member(holder, name);
    if (!whole) {
        if (!ic_set(holder, name, cJSON_CreateObject())) return scim_patch_no_memory(op);
        whole = ic_json_member(holder, name);
    }
    return scim_patch_set_member(op, whole, op->target.path.sub);
}

static bool scim_patch_change(const operation *op) {
    const ic_scim_path *path = &op->target.path;
    cJSON *holder = ic_scim_holder(path, op->resource);
    if (!holder) {
        if (!ic_set(op->resource, path->extension, cJSON_CreateObject())) return scim_patch_no_memory(op);
        holder = ic_scim_holder(path, op->resource);
    }
    if (!path->attribute)
        return cJSON_IsObject(op->value)
                   ? scim_patch_read_members(op->x, op->kind, path->extension, op->value, holder)
                   : scim_patch_refuse_value(op);
    bool many = path->attribute->flags & IC_SCIM_MULTI;
    if (op->target.filter || (many && path->sub))
        return scim_patch_change_values(op, ic_json_member(holder, path->attribute->name));
    if (many) return scim_patch_change_list(op, holder);
    return path->sub ? scim_patch_change_part(op, holder)
                     : scim_patch_set_member(op, holder, path->attribute);
}

static void scim_patch_remove_values(const operation *op, cJSON *list, const cJSON *named) {
    cJSON *value = list ? list->child : NULL;
    while (value) {
        cJSON *next = value->next;
        bool meant = op->target.filter ? ic_scim_filter_matches(op->target.filter, value)
                                       : !named || scim_patch_holds(named, value);
        if (meant && op->target.path.sub)
            cJSON_DeleteItemFromObjectCaseSensitive(value, op->target.path.sub->name);
        else if (meant)
            cJSON_Delete(cJSON_DetachItemViaPointer(list, value));
        value = next;
    }
}

/* Whether each says what it names: without a `value` it would match nothing, and the removal do nothing. */
static bool scim_patch_check_named(const operation *op, const cJSON *named) {
    const cJSON *each;
    char path[64];
    cJSON_ArrayForEach(each, named) {
        if (!cJSON_IsObject(each) || ic_json_string(each, "value")) continue;
        snprintf(path, sizeof path, "%s.value", op->target.path.attribute->name);
        ic_scim_refuse_value(op->x, path, ic_json_member(each, "value"));
        return false;
    }
    return true;
}

static bool scim_patch_remove_target(const operation *op) {
    const ic_scim_path *path = &op->target.path;
    cJSON *holder = ic_scim_holder(path, op->resource);
    if (!path->attribute) {
        cJSON_DeleteItemFromObjectCaseSensitive(op->resource, path->extension);
        return true;
    }
    if (((path->sub ? path->sub : path->attribute)->flags & IC_SCIM_REQUIRED))
        return scim_patch_refuse(op, "mutability", "Attribute is required");
    cJSON *whole = ic_json_member(holder, path->attribute->name);
    if (path->attribute->flags & IC_SCIM_MULTI) {
        cJSON *named = op->value && !op->target.filter ? scim_patch_read_list(op) : NULL;
        if (op->value && !op->target.filter && !named) return false;
        bool fine = scim_patch_check_named(op, named);
        if (fine) scim_patch_remove_values(op, whole, named);
        cJSON_Delete(named);
        return fine;
    } else if (path->sub) {
        cJSON_DeleteItemFromObjectCaseSensitive(whole, path->sub->name);
    } else {
        cJSON_DeleteItemFromObjectCaseSensitive(holder, path->attribute->name);
    }
    return true;
}

static bool scim_patch_apply(operation *op) {
    char error[256] = "";
    if (!ic_scim_target_parse(op->kind, op->path, &op->target, error, sizeof error)) {
        if (!*error) return scim_patch_no_memory(op);
        ic_reply_scim_error(op->x, 400, "invalidPath", "%s", error);
        return false;
    }
    const ic_scim_path *path = &op->target.path;
    const ic_scim_attribute *innermost = path->sub ? path->sub : path->attribute;
    if (innermost && ((innermost->flags | path->attribute->flags) & IC_SCIM_READ_ONLY ||
                      (path->sub && innermost->flags & IC_SCIM_IMMUTABLE)))
        return scim_patch_refuse(op, "mutability", "Attribute is read-only");
    return op->kind_of_change == IC_SCIM_REMOVE ? scim_patch_remove_target(op) : scim_patch_change(op);
}

/* RFC 7644 has them in lower case; clients send any case. */
static unsigned scim_patch_read_op(const cJSON *source) {
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {{"add", IC_SCIM_ADD}, {"remove", IC_SCIM_REMOVE}, {"replace", IC_SCIM_REPLACE}};
    const char *name = ic_json_string(source, "op");
    for (size_t i = 0; name && i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(known[i].name, name) == 0) return known[i].bit;
    return 0;
}

static bool scim_patch_run(ic_exchange *x, const ic_scim_kind *kind, unsigned allowed, const cJSON *source,
                           cJSON *resource) {
    operation op = {.x = x, .kind = kind, .resource = resource, .value = ic_json_member(source, "value")};
    op.path = ic_json_string(source, "path");
    op.kind_of_change = scim_patch_read_op(source) & allowed;
    bool done = false;
    if (!op.kind_of_change)
        ic_scim_refuse_value(x, "Operations.op", ic_json_member(source, "op"));
    else if (!op.path)
        ic_reply_scim_error(x, 400, "noTarget", "An operation needs a path");
    else if (op.kind_of_change != IC_SCIM_REMOVE && (!op.value || cJSON_IsNull(op.value)))
        ic_scim_refuse_value(x, "Operations.value", op.value);
    else
        done = scim_patch_apply(&op);
    ic_scim_filter_free(op.target.filter);
    return done;
}

bool ic_scim_patch(ic_exchange *x, const ic_scim_kind *kind, unsigned allowed, cJSON *resource) {
    const cJSON *operations = ic_json_member(x->body, "Operations"), *source;
    if (!scim_patch_check_schemas(x, IC_SCIM_PATCH)) return false;
    if (!operations || !operations->child) {
        ic_scim_refuse_value(x, "Operations", operations);
        return false;
    }
    cJSON_ArrayForEach(source, operations) {
        if (!scim_patch_run(x, kind, allowed, source, resource)) return false;
    }
    return true;
}
