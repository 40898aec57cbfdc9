/* Which values fit a field of a launch form. Types are those of the public document, and more that the
 * service was observed to use. */
#include "sandbox/workflows/fields.h"
#include "sandbox/base/values.h"
#include "sandbox/records/entities.h"
#include "sandbox/records/record_view.h"
#include <string.h>

const char *ic_field_type(const cJSON *field) {
    const char *type = ic_json_string(field, "type");
    return type ? type : "";
}

bool ic_field_is_document(const cJSON *field) {
    const cJSON *element = ic_json_member(field, "elementType");
    return strcmp(ic_field_type(element ? element : field), "document") == 0;
}

bool ic_field_is_record(const cJSON *field) {
    return strstr(ic_field_type(field), "Record") != NULL;
}

bool ic_field_is_required(const cJSON *field) {
    const char *required = ic_json_string(field, "required");
    return required && strcmp(required, "always") == 0;
}

static bool field_is_option(const cJSON *field, const cJSON *value) {
    const cJSON *options = ic_json_member(field, "options"), *option;
    if (!options || cJSON_IsTrue(ic_json_member(options, "freeTextAllowed"))) return true;
    cJSON_ArrayForEach(option, ic_json_member(options, "values")) {
        if (cJSON_Compare(option, value, true)) return true;
    }
    return false;
}

/* For localLinkedRecord and similar: from an id to {recordId, readableId}. */
static cJSON *field_accept_record(const ic_company *company, const cJSON *value) {
    const ic_record *record = cJSON_IsString(value) ? ic_company_record(company, value->valuestring) : NULL;
    return record ? ic_record_link_view(record) : NULL;
}

/* For an entity, given by either id, alone or as {recordId}. */
static cJSON *field_accept_entity(const ic_company *company, const cJSON *value) {
    const char *id = cJSON_IsString(value) ? value->valuestring : ic_json_string(value, "recordId");
    const ic_entity *entity = id ? ic_company_entity(company, id) : NULL;
    cJSON *accepted = entity ? cJSON_CreateObject() : NULL;
    if (accepted) ic_put_text(accepted, "recordId", entity->item.id);
    return accepted;
}

static cJSON *field_accept_array(const ic_company *company, const cJSON *field, const cJSON *value) {
    const cJSON *element = ic_json_member(field, "elementType"), *item;
    cJSON *accepted = cJSON_IsArray(value) ? cJSON_CreateArray() : NULL;
    cJSON_ArrayForEach(item, value) {
        cJSON *kept = accepted ? ic_field_accept(company, element, item) : NULL;
        if (kept && cJSON_AddItemToArray(accepted, kept)) continue;
        cJSON_Delete(kept);
        cJSON_Delete(accepted);
        return NULL;
    }
    return accepted;
}

static bool field_has_required(const cJSON *form, const cJSON *value) {
    const cJSON *field;
    cJSON_ArrayForEach(field, form) {
        if (ic_field_is_required(field) && !ic_json_member(value, field->string)) return false;
    }
    return true;
}

static cJSON *field_accept_object(const ic_company *company, const cJSON *field, const cJSON *value) {
    const cJSON *form = ic_json_member(field, "schema"), *member;
    if (!cJSON_IsObject(value) || !field_has_required(form, value)) return NULL;
    cJSON *accepted = cJSON_CreateObject();
    cJSON_ArrayForEach(member, value) {
        const cJSON *inner = ic_json_member(form, member->string);
        cJSON *kept = inner && !ic_json_member(accepted, member->string)
                          ? ic_field_accept(company, inner, member)
                          : NULL;
        if (kept && cJSON_AddItemToObject(accepted, member->string, kept)) continue;
        cJSON_Delete(kept);
        cJSON_Delete(accepted);
        return NULL;
    }
    return accepted;
}

cJSON *ic_field_accept(const ic_company *company, const cJSON *field, const cJSON *value) {
    const char *type = ic_field_type(field);
    if (strcmp(type, "array") == 0) return field_accept_array(company, field, value);
    if (strcmp(type, "object") == 0) return field_accept_object(company, field, value);
    if (ic_field_is_record(field)) return field_accept_record(company, value);
    if (strcmp(type, "reference") == 0) return field_accept_entity(company, value);
    return ic_value_fits(type, value) && field_is_option(field, value) ? cJSON_Duplicate(value, true) : NULL;
}

bool ic_workflow_has(const ic_workflow *workflow, const cJSON *field) {
    if (!ic_field_is_document(field)) return ic_json_member(workflow->attributes, field->string) != NULL;
    for (size_t i = 0; i < workflow->documents.count; i++) {
        const ic_document *document = workflow->documents.items[i];
        if (document->attribute && strcmp(document->attribute, field->string) == 0) return true;
    }
    return false;
}
