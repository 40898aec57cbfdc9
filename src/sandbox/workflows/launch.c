/* Launches a workflow from a request. */
#include "sandbox/workflows/launch.h"
#include "core/base/alloc.h"
#include "sandbox/workflows/documents.h"
#include "sandbox/workflows/fields.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/pdf.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/signing.h"
#include "sandbox/workflows/workflow_events.h"
#include "sandbox/workflows/workflow_view.h"
#include <string.h>

static bool launch_refuse_value(ic_exchange *x, const cJSON *field, const char *name) {
    ic_reply_error(x, 400, "INVALID_PARAM", name, "invalid value for attribute '%s': expected %s", name,
                   ic_field_type(field));
    return false;
}

/* An attribute with the id of a role assigns it to another user. */
static bool launch_assign_role(ic_exchange *x, ic_workflow *workflow, size_t role, const cJSON *value) {
    ic_user *user = cJSON_IsString(value) ? ic_company_user(x->company, value->valuestring) : NULL;
    if (!user) {
        ic_reply_error(x, 400, "INVALID_PARAM", value->string, "invalid user for user attribute");
        return false;
    }
    workflow->assignees[role].count = 0;
    if (ic_array_push(&workflow->assignees[role], user) && ic_workflow_join(workflow, user)) return true;
    ic_reply_no_memory(x);
    return false;
}

static bool launch_set_attribute(ic_exchange *x, ic_workflow *workflow, const cJSON *value) {
    const cJSON *field = ic_json_member(workflow->template->form, value->string);
    size_t role = ic_template_role(workflow->template, value->string);
    if (cJSON_IsNull(value)) return true; /* as if it were not given */
    if (!field && role < workflow->template->role_count) return launch_assign_role(x, workflow, role, value);
    if (!field || cJSON_IsTrue(ic_json_member(field, "readOnly"))) {
        ic_reply_error(x, 400, "INVALID_PARAM", value->string, "%s attribute specified: %s",
                       field ? "read-only" : "non-existent", value->string);
        return false;
    }
    if (ic_field_is_document(field)) return ic_documents_attach(x, workflow, field, value);
    cJSON *accepted = ic_field_accept(x->company, field, value);
    if (!accepted) return launch_refuse_value(x, field, value->string);
    if (ic_set(workflow->attributes, field->string, accepted)) return true;
    ic_reply_no_memory(x);
    return false;
}

/* Checks for missing attributes, and with useDefaultValues fills in the form's defaults. */
static bool launch_fill_form(ic_exchange *x, ic_workflow *workflow) {
    bool defaults = ic_exchange_query_true(x, "useDefaultValues");
    const cJSON *field;
    cJSON_ArrayForEach(field, workflow->template->form) {
        const cJSON *value = ic_json_member(field, "default");
        if (ic_workflow_has(workflow, field)) continue;
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

/* Where the form has a list of drafts and none is given, the design writes one. */
static bool launch_write_draft(ic_exchange *x, ic_workflow *workflow) {
    const cJSON *field = workflow->template->form->child;
    while (field && !(ic_field_is_document(field) && ic_json_member(field, "elementType")))
        field = field->next;
    if (!field || ic_workflow_has(workflow, field)) return true;
    char *name = ic_pdf_name(workflow->title);
    bool written = name && ic_workflow_add_document(x->company, workflow, field->string, name,
                                                    ic_pdf_make(workflow->title), x->user, workflow->created);
    ic_free(name);
    return written;
}

static bool launch_fill(ic_exchange *x, ic_workflow *workflow) {
    const cJSON *value;
    cJSON_ArrayForEach(value, ic_json_member(x->body, "attributes")) {
        if (!launch_set_attribute(x, workflow, value)) return false;
    }
    if (!launch_fill_form(x, workflow)) return false;
    if (ic_workflow_set_title(workflow) && launch_write_draft(x, workflow)) return true;
    ic_reply_no_memory(x);
    return false;
}

ic_workflow *ic_workflow_prepare(ic_exchange *x) {
    const ic_template *template = ic_company_template(x->company, ic_json_string(x->body, "template"));
    if (!(x->user->rights & IC_MAY_LAUNCH)) {
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "access forbidden");
        return NULL;
    }
    if (!template) {
        ic_reply_error(x, 400, "INVALID_PARAM", "template", "workflow template not found");
        return NULL;
    }
    ic_workflow *workflow = ic_workflow_new(x->company, template, x->user);
    if (!workflow) {
        ic_reply_no_memory(x);
        return NULL;
    }
    if (launch_fill(x, workflow)) return workflow;
    ic_workflow_free(workflow);
    return NULL;
}

bool ic_workflow_begin(ic_company *company, ic_workflow *workflow, ic_time time) {
    workflow->created = workflow->updated = time;
    bool reviewed = workflow->template->review_count > 0; /* no approvals needed, so it goes to signing */
    if (!(reviewed ? ic_reviews_ask(workflow, time) : ic_workflow_sign(company, workflow)) ||
        !ic_company_add_workflow(company, workflow))
        return false;
    ic_workflow_event(company, "workflow_launched", workflow);
    return true;
}

void ic_workflows_launch(ic_exchange *x) {
    ic_workflow *workflow = ic_workflow_prepare(x);
    if (!workflow) return;
    if (ic_workflow_begin(x->company, workflow, workflow->created)) {
        ic_reply_json(x, 200, ic_workflow_view(x->company, workflow, false));
        return;
    }
    ic_workflow_free(workflow);
    ic_reply_no_memory(x);
}
