/* Changes a workflow's attributes, in the Review step: all updates of a request, or none. */
#include "sandbox/workflows/fields.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/workflow_exchange.h"
#include "sandbox/workflows/workflow_view.h"
#include <string.h>

#define INVALID_FORM "form validation failed, please check schema"

/* By the document, all errors of this operation name the same parameter. */
static bool attributes_refuse(ic_exchange *x, const char *message, const char *name) {
    ic_reply_error(x, 400, "INVALID_PARAM", "attributes", "%s%s", message, name);
    return false;
}

static bool attributes_missing(ic_exchange *x, const char *param) {
    ic_reply_error(x, 400, "MISSING_PARAM", param, "missing required parameter '%s'", param);
    return false;
}

static bool attributes_no_memory(ic_exchange *x) {
    ic_reply_no_memory(x);
    return false;
}

static bool attributes_set(ic_exchange *x, cJSON *attributes, const cJSON *field, const cJSON *value) {
    if (!value) return attributes_missing(x, "value");
    cJSON *accepted = ic_field_accept(x->company, field, value);
    if (!accepted) return attributes_refuse(x, INVALID_FORM, "");
    return ic_set(attributes, field->string, accepted) || attributes_no_memory(x);
}

static bool attributes_remove(ic_exchange *x, cJSON *attributes, const cJSON *field) {
    if (ic_field_is_required(field)) return attributes_refuse(x, INVALID_FORM, "");
    cJSON_DeleteItemFromObjectCaseSensitive(attributes, field->string);
    return true;
}

static bool attributes_apply(ic_exchange *x, cJSON *attributes, const cJSON *form, const cJSON *update) {
    const char *action = ic_json_string(update, "action"), *path = ic_json_string(update, "path");
    if (!action) return attributes_missing(x, "action");
    if (!path) return attributes_missing(x, "path");
    const cJSON *field = ic_json_member(form, path);
    if (!field) return attributes_refuse(x, "non-existent attribute(s) specified: ", path);
    if (cJSON_IsTrue(ic_json_member(field, "readOnly")))
        return attributes_refuse(x, "Cannot patch read-only attribute ", path);
    if (ic_field_is_document(field)) return attributes_refuse(x, "Cannot patch document attribute ", path);
    if (strcmp(action, "set") == 0)
        return attributes_set(x, attributes, field, ic_json_member(update, "value"));
    if (strcmp(action, "remove") == 0) return attributes_remove(x, attributes, field);
    ic_reply_error(x, 400, "INVALID_PARAM", "action",
                   "invalid value '%s'; value must be one of [set, remove]", action);
    return false;
}

static bool attributes_apply_all(ic_exchange *x, cJSON *attributes, const ic_workflow *workflow) {
    const cJSON *update;
    if (!attributes) return attributes_no_memory(x);
    cJSON_ArrayForEach(update, ic_json_member(x->body, "updates")) {
        if (!attributes_apply(x, attributes, workflow->template->form, update)) return false;
    }
    if (!cJSON_Compare(attributes, workflow->attributes, true)) return true;
    return attributes_refuse(
        x, "No information changed. The updates provided did not introduce any new values", "");
}

/* Takes ownership of the attributes and answers. */
static void attributes_commit(ic_exchange *x, ic_workflow *workflow, cJSON *attributes) {
    const char *comment = ic_json_string(x->body, "comment");
    ic_time now = ic_company_now(x->company);
    if (comment && !ic_workflow_add_comment(x->company, workflow, comment, x->user, now)) {
        cJSON_Delete(attributes);
        attributes_no_memory(x);
        return;
    }
    cJSON_Delete(workflow->attributes);
    workflow->attributes = attributes;
    workflow->updated = now;
    if (ic_workflow_set_title(workflow))
        ic_reply_json(x, 200, ic_workflow_view(x->company, workflow, false));
    else
        attributes_no_memory(x);
}

void ic_attributes_update(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    if (workflow->step != IC_STEP_REVIEW || workflow->status != IC_STATUS_ACTIVE) {
        ic_reply_error(x, 400, "INVALID_STATE", "attributes", "the workflow is not in the Review step");
        return;
    }
    cJSON *attributes = cJSON_Duplicate(workflow->attributes, true);
    if (attributes_apply_all(x, attributes, workflow))
        attributes_commit(x, workflow, attributes);
    else
        cJSON_Delete(attributes);
}
