/* Workflows: list, get. */
#include "sandbox/workflows/fields.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/workflow_exchange.h"
#include "sandbox/workflows/workflow_view.h"
#include <string.h>

/* --- list --- */

/* Which workflows a list contains. */
typedef struct selection {
    bool status[IC_STATUS_COUNT];
    const char *template;
    ic_time since;
    ic_formula *filter; /* NULL: all */
} selection;

/* The type of the attribute, in the first design that has one of that name. */
static const char *workflows_attribute_type(void *context, const char *name) {
    const ic_company *company = context;
    for (size_t i = 0; i < company->templates.count; i++) {
        const ic_template *template = company->templates.items[i];
        const char *type = ic_json_string(ic_json_member(template->form, name), "type");
        if (type) return type;
    }
    return NULL;
}

/* For documents, only whether they are present. */
static cJSON *workflows_attribute_value(const void *item, const char *name) {
    const ic_workflow *workflow = item;
    const cJSON *field = ic_json_member(workflow->template->form, name);
    if (field && ic_field_is_document(field))
        return ic_workflow_has(workflow, field) ? cJSON_CreateTrue() : NULL;
    const cJSON *value = ic_json_member(workflow->attributes, name);
    return value ? cJSON_Duplicate(value, true) : NULL;
}

static bool workflows_read_selection(ic_exchange *x, selection *wanted) {
    const char *status = ic_exchange_query(x, "status"), *since = ic_exchange_query(x, "lastUpdated");
    *wanted = (selection){.template = ic_exchange_query(x, "template"), .since = IC_TIME_NONE};
    if (!status) status = "active";
    for (int i = 0; i < IC_STATUS_COUNT; i++)
        wanted->status[i] = ic_names_include(status, ic_status_names[i]);
    return ic_exchange_since(x, since, &wanted->since) &&
           ic_exchange_filter(x, workflows_attribute_type, x->company, &wanted->filter);
}

static bool workflows_is_selected(const ic_workflow *workflow, const selection *wanted) {
    return wanted->status[workflow->status] && workflow->updated >= wanted->since &&
           (!wanted->template || strcmp(wanted->template, workflow->template->id) == 0) &&
           (!wanted->filter || ic_formula_holds(wanted->filter, workflows_attribute_value, workflow));
}

void ic_workflows_list(ic_exchange *x) {
    selection wanted;
    if (!workflows_read_selection(x, &wanted)) return;
    bool hydrate = ic_exchange_query_true(x, "hydrateEntities");
    ic_page page = ic_exchange_page(x);
    size_t first = page.number * page.size, count = 0;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < x->company->workflows.count; i++) {
        const ic_workflow *workflow = x->company->workflows.items[i];
        if (!workflows_is_selected(workflow, &wanted)) continue;
        if (count >= first && count < first + page.size)
            ic_append(list, ic_workflow_view(x->company, workflow, hydrate));
        count++;
    }
    ic_formula_free(wanted.filter);
    ic_reply_page(x, page, count, list);
}

/* --- get --- */

void ic_workflows_get(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 400, true);
    bool hydrate = ic_exchange_query_true(x, "hydrateEntities");
    if (workflow) ic_reply_json(x, 200, ic_workflow_view(x->company, workflow, hydrate));
}
