/* Workflows: launch, list, get. */
#include "attributes.h"
#include "documents.h"
#include "handlers.h"
#include "launches.h"
#include "reviews.h"
#include "views.h"
#include <string.h>

/* --- launch --- */

static bool refuse_value(ic_exchange *x, const cJSON *field, const char *name) {
    ic_reply_error(x, 400, "INVALID_PARAM", name, "invalid value for attribute '%s': expected %s", name,
                   ic_field_type(field));
    return false;
}

/* An attribute named like a role puts somebody else into it. */
static bool assign_role(ic_exchange *x, ic_workflow *workflow, size_t role, const cJSON *value) {
    ic_user *user = cJSON_IsString(value) ? ic_world_user(x->world, value->valuestring) : NULL;
    if (!user) {
        ic_reply_error(x, 400, "INVALID_PARAM", value->string, "invalid user for user attribute");
        return false;
    }
    workflow->assignees[role].count = 0;
    if (ic_array_push(&workflow->assignees[role], user) && ic_workflow_join(workflow, user)) return true;
    ic_reply_no_memory(x);
    return false;
}

static bool set_attribute(ic_exchange *x, ic_workflow *workflow, const cJSON *value) {
    const cJSON *field = ic_json_member(workflow->template->form, value->string);
    size_t role = ic_template_role(workflow->template, value->string);
    if (cJSON_IsNull(value)) return true; /* as if it were not there */
    if (!field && role < workflow->template->role_count) return assign_role(x, workflow, role, value);
    if (!field || cJSON_IsTrue(ic_json_member(field, "readOnly"))) {
        ic_reply_error(x, 400, "INVALID_PARAM", value->string, "%s attribute specified: %s",
                       field ? "read-only" : "non-existent", value->string);
        return false;
    }
    if (ic_field_is_document(field)) return ic_documents_attach(x, workflow, field, value);
    cJSON *accepted = ic_field_accept(x->world, field, value);
    if (!accepted) return refuse_value(x, field, value->string);
    if (ic_set(workflow->attributes, field->string, accepted)) return true;
    ic_reply_no_memory(x);
    return false;
}

static bool has_value(const ic_workflow *workflow, const cJSON *field) {
    if (!ic_field_is_document(field)) return ic_json_member(workflow->attributes, field->string) != NULL;
    for (size_t i = 0; i < workflow->documents.count; i++) {
        const ic_document *document = workflow->documents.items[i];
        if (document->attribute && strcmp(document->attribute, field->string) == 0) return true;
    }
    return false;
}

/* What was not given: the form's defaults where they are wanted, an error where it must be. */
static bool fill_form(ic_exchange *x, ic_workflow *workflow) {
    bool defaults = ic_exchange_query_true(x, "useDefaultValues");
    const cJSON *field;
    cJSON_ArrayForEach(field, workflow->template->form) {
        const cJSON *value = ic_json_member(field, "default");
        if (has_value(workflow, field)) continue;
        if (defaults && value) {
            if (ic_set(workflow->attributes, field->string, cJSON_Duplicate(value, true))) continue;
            ic_reply_no_memory(x);
            return false;
        }
        if (!ic_field_is_required(field)) continue;
        ic_reply_error(x, 400, "MISSING_PARAM", field->string, "missing required attribute");
        return false;
    }
    return true;
}

static bool fill_in(ic_exchange *x, ic_workflow *workflow) {
    const cJSON *value;
    cJSON_ArrayForEach(value, ic_json_member(x->body, "attributes")) {
        if (!set_attribute(x, workflow, value)) return false;
    }
    if (!fill_form(x, workflow)) return false;
    if (ic_workflow_set_title(workflow)) return true;
    ic_reply_no_memory(x);
    return false;
}

ic_workflow *ic_workflow_prepare(ic_exchange *x) {
    const ic_template *template = ic_world_template(x->world, ic_json_string(x->body, "template"));
    if (!(x->user->rights & IC_MAY_LAUNCH)) {
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "access forbidden");
        return NULL;
    }
    if (!template) {
        ic_reply_error(x, 400, "INVALID_PARAM", "template", "workflow template not found");
        return NULL;
    }
    ic_workflow *workflow = ic_workflow_new(x->world, template, x->user);
    if (!workflow) {
        ic_reply_no_memory(x);
        return NULL;
    }
    if (fill_in(x, workflow)) return workflow;
    ic_workflow_free(workflow);
    return NULL;
}

bool ic_workflow_begin(ic_world *world, ic_workflow *workflow, ic_time time) {
    workflow->created = workflow->updated = time;
    return ic_reviews_ask(workflow, time) && ic_world_add_workflow(world, workflow);
}

void ic_workflows_launch(ic_exchange *x) {
    ic_workflow *workflow = ic_workflow_prepare(x);
    if (!workflow) return;
    if (ic_workflow_begin(x->world, workflow, workflow->created)) {
        ic_reply_json(x, 200, ic_workflow_view(x->world, workflow));
        return;
    }
    ic_workflow_free(workflow);
    ic_reply_no_memory(x);
}

/* --- list --- */

/* What a list is asked to hold. */
typedef struct selection {
    bool status[IC_STATUS_COUNT];
    const char *template;
    ic_time since;
    ic_formula *filter; /* NULL: all */
} selection;

/* The type of an attribute of that name, in whichever design has one. */
static const char *attribute_type(void *context, const char *name) {
    const ic_world *world = context;
    for (size_t i = 0; i < world->templates.count; i++) {
        const ic_template *template = world->templates.items[i];
        const char *type = ic_json_string(ic_json_member(template->form, name), "type");
        if (type) return type;
    }
    return NULL;
}

/* Of documents it is told that they are there. */
static cJSON *attribute_value(const void *item, const char *name) {
    const ic_workflow *workflow = item;
    const cJSON *field = ic_json_member(workflow->template->form, name);
    if (field && ic_field_is_document(field)) return has_value(workflow, field) ? cJSON_CreateTrue() : NULL;
    const cJSON *value = ic_json_member(workflow->attributes, name);
    return value ? cJSON_Duplicate(value, true) : NULL;
}

static bool read_selection(ic_exchange *x, selection *wanted) {
    const char *status = ic_exchange_query(x, "status"), *since = ic_exchange_query(x, "lastUpdated");
    *wanted = (selection){.template = ic_exchange_query(x, "template"), .since = IC_TIME_NONE};
    if (!status) status = "active";
    for (int i = 0; i < IC_STATUS_COUNT; i++)
        wanted->status[i] = ic_names_include(status, ic_status_names[i]);
    return ic_exchange_since(x, since, &wanted->since) &&
           ic_exchange_filter(x, attribute_type, x->world, &wanted->filter);
}

static bool is_selected(const ic_workflow *workflow, const selection *wanted) {
    return wanted->status[workflow->status] && workflow->updated >= wanted->since &&
           (!wanted->template || strcmp(wanted->template, workflow->template->id) == 0) &&
           (!wanted->filter || ic_formula_holds(wanted->filter, attribute_value, workflow));
}

void ic_workflows_list(ic_exchange *x) {
    selection wanted;
    if (!read_selection(x, &wanted)) return;
    ic_page page = ic_exchange_page(x);
    size_t first = page.number * page.size, count = 0;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < x->world->workflows.count; i++) {
        const ic_workflow *workflow = x->world->workflows.items[i];
        if (!is_selected(workflow, &wanted)) continue;
        if (count >= first && count < first + page.size)
            ic_append(list, ic_workflow_view(x->world, workflow));
        count++;
    }
    ic_formula_free(wanted.filter);
    ic_reply_page(x, page, count, list);
}

/* --- get --- */

ic_workflow *ic_exchange_workflow(ic_exchange *x, unsigned status, bool any_id) {
    ic_workflow *workflow = ic_world_workflow(x->world, x->values[0]);
    if (workflow && (any_id || strcmp(workflow->id, x->values[0]) == 0)) return workflow;
    ic_reply_error(x, status, "NOT_FOUND", "workflowId", "workflow does not exist");
    return NULL;
}

void ic_workflows_get(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 400, true);
    if (workflow) ic_reply_json(x, 200, ic_workflow_view(x->world, workflow));
}
