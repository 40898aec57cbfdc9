/* Workflow schemas: the launch forms of the published designs. */
#include "sandbox/workflows/design.h"
#include "sandbox/workflows/handlers.h"
#include <string.h>

static cJSON *schema_view(const ic_exchange *x, const ic_template *template) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", template->id);
    ic_put_text(view, "name", template->name);
    ic_put(view, "schema", cJSON_Duplicate(template->form, true));
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
