/* Workflow schemas: the launch forms of the published designs. */
#include "sandbox/workflows/design.h"
#include "sandbox/workflows/fields.h"
#include "sandbox/workflows/handlers.h"
#include <string.h>

/* A default duration is an object in live answers; launches take it as text. */
static void schema_turn_default(cJSON *field) {
    int64_t months, days;
    if (!ic_duration_read(ic_json_string(field, "default"), &months, &days)) return;
    cJSON *value = cJSON_CreateObject();
    ic_put_number(value, "days", (double)days);
    ic_put_number(value, "months", (double)months);
    ic_set(field, "default", value);
}

/* Adds the members that live answers have on every field of a type. `fields`: of a form or of an object. */
static void schema_complete(cJSON *fields) {
    cJSON *field;
    cJSON_ArrayForEach(field, fields) {
        const char *type = ic_json_string(field, "type");
        cJSON *element = ic_json_member(field, "elementType");
        if (type && strcmp(type, "string") == 0 && !ic_json_member(field, "options"))
            ic_put_bool(ic_put(field, "options", cJSON_CreateObject()), "freeTextAllowed", true);
        if (type && strcmp(type, "duration") == 0) schema_turn_default(field);
        if (ic_field_is_record(field) && !ic_json_member(field, "schema")) {
            cJSON *schema = ic_put(field, "schema", cJSON_CreateObject());
            cJSON *properties = ic_put(schema, "properties", cJSON_CreateObject());
            ic_put_text(properties, "type", "object");
            ic_put_text(properties, "displayName", "properties");
            ic_put(properties, "schema", cJSON_CreateObject());
        }
        schema_complete(ic_json_member(element, "schema"));
    }
}

static cJSON *schema_view(const ic_exchange *x, const ic_template *template) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", template->id);
    ic_put_text(view, "name", template->name);
    schema_complete(ic_put(view, "schema", cJSON_Duplicate(template->form, true)));
    cJSON *permissions = ic_put(view, "permissions", cJSON_CreateArray());
    if (x->user->rights & IC_MAY_LAUNCH) ic_append(permissions, cJSON_CreateString("launch"));
    ic_append(permissions, cJSON_CreateString("view"));
    return view;
}

/* The launch form is the only form. */
static bool schema_check_form(ic_exchange *x) {
    const char *form = ic_exchange_query(x, "form");
    if (!form || strcmp(form, "launch") == 0) return true;
    ic_reply_error(x, 400, "INVALID_PARAM", "/?form",
                   "invalid query value '%s'; value must be one of [launch]", form);
    return false;
}

void ic_schemas_list(ic_exchange *x) {
    if (!schema_check_form(x)) return;
    cJSON *answer = cJSON_CreateObject();
    cJSON *list = ic_put(answer, "list", cJSON_CreateArray());
    for (size_t i = 0; i < x->company->templates.count; i++)
        ic_append(list, schema_view(x, x->company->templates.items[i]));
    ic_reply_json(x, 200, answer);
}

void ic_schemas_get(ic_exchange *x) {
    if (!schema_check_form(x)) return;
    const ic_template *template = ic_company_template(x->company, x->values[0]);
    if (template)
        ic_reply_json(x, 200, schema_view(x, template));
    else
        ic_reply_error(x, 400, "NOT_FOUND", "templateId", "workflow  template schema not found");
}
