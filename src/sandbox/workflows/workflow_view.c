/* A workflow as the API shows it: WorkflowResponseModel and LaunchedWorkflow of the public document. */
#include "sandbox/base/build.h"
#include "sandbox/records/entities.h"
#include "sandbox/workflows/workflows.h"
#include <stdio.h>
#include <string.h>

static cJSON *workflow_assignee_view(const ic_user *user) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "userName", user->display_name);
    ic_put_text(view, "userId", user->id);
    ic_put_text(view, "email", user->email);
    return view;
}

cJSON *ic_roles_view(const ic_workflow *workflow) {
    cJSON *roles = cJSON_CreateArray();
    for (size_t i = 0; i < workflow->template->role_count; i++) {
        const ic_role_design *design = &workflow->template->roles[i];
        cJSON *role = ic_append(roles, cJSON_CreateObject());
        ic_put_text(role, "id", design->id);
        ic_put_text(role, "displayName", design->display_name);
        cJSON *assignees = ic_put(role, "assignees", cJSON_CreateArray());
        for (size_t j = 0; j < workflow->assignees[i].count; j++)
            ic_append(assignees, workflow_assignee_view(workflow->assignees[i].items[j]));
    }
    return roles;
}

cJSON *ic_author_view(const ic_company *company, const ic_user *user) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "type", "internalUser");
    ic_put_text(view, "companyName", company->display_name);
    ic_put_text(view, "displayName", user->display_name);
    ic_put_text(view, "email", user->email);
    ic_put_text(view, "userId", user->id);
    return view;
}

cJSON *ic_document_view(const ic_company *company, const ic_workflow *workflow, const ic_document *document) {
    char download[128];
    snprintf(download, sizeof download, "/public/api/v1/workflows/%s/document/%s/download", workflow->id,
             document->key);
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "version", document->version);
    ic_put_number(view, "versionNumber", document->number);
    ic_put_text(view, "filename", document->filename);
    ic_put_text(view, "key", document->key);
    ic_put_text(view, "download", download);
    cJSON *modified = ic_put(view, "lastModified", cJSON_CreateObject());
    ic_put_text(modified, "timestamp", ic_time_print(document->modified).text);
    ic_put(modified, "author", ic_author_view(company, document->author));
    return view;
}

/* The attributes, including documents: one or a list of them, as the form says. */
static cJSON *workflow_attributes_view(const ic_company *company, const ic_workflow *workflow, bool hydrate) {
    cJSON *view = cJSON_Duplicate(workflow->attributes, true), *value;
    cJSON_ArrayForEach(value, view) {
        const char *type = ic_json_string(ic_json_member(workflow->template->form, value->string), "type");
        if (hydrate && type && strcmp(type, "reference") == 0) ic_entity_hydrate(company, value);
    }
    for (size_t i = 0; view && i < workflow->documents.count; i++) {
        const ic_document *document = workflow->documents.items[i];
        if (!document->attribute) continue;
        const cJSON *field = ic_json_member(workflow->template->form, document->attribute);
        cJSON *shown = ic_document_view(company, workflow, document);
        if (!ic_json_member(field, "elementType")) {
            ic_put(view, document->attribute, shown);
            continue;
        }
        cJSON *list = ic_json_member(view, document->attribute);
        ic_append(list ? list : ic_put(view, document->attribute, cJSON_CreateArray()), shown);
    }
    return view;
}

static cJSON *workflow_creator_view(const ic_user *user) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", user->id);
    ic_put_text(view, "displayName", user->display_name);
    ic_put_text(view, "email", user->email);
    ic_put_text(view, "title", user->title);
    ic_put_text(view, "username", user->email);
    ic_put(view, "metadata", cJSON_CreateObject());
    return view;
}

/* WorkflowStateModel: the state of the approvals or the signatures. */
static cJSON *workflow_state_view(const ic_company *company, const ic_workflow *workflow, const char *what,
                                  const char *state) {
    cJSON *view = cJSON_CreateObject();
    if (workflow->status == IC_STATUS_CANCELLED) {
        ic_put_text(view, "state", "not_applicable");
        ic_put_text(view, "message", "This workflow has been cancelled");
        return view;
    }
    ic_put_text(view, "state", state);
    if (strcmp(state, "in_progress") == 0) {
        char url[256];
        snprintf(url, sizeof url, "%s/public/api/v1/workflows/%s/%s", company->url, workflow->id, what);
        ic_put_text(view, "url", url);
    }
    return view;
}

static void workflow_put_states(cJSON *view, const ic_company *company, const ic_workflow *workflow) {
    bool approved = workflow->step != IC_STEP_REVIEW || !ic_group_active(workflow);
    const char *signatures = workflow->step < IC_STEP_SIGN    ? "not_started"
                             : workflow->step == IC_STEP_SIGN ? "in_progress"
                                                              : "completed";
    ic_put(view, "approvals",
           workflow_state_view(company, workflow, "approvals", approved ? "completed" : "in_progress"));
    ic_put(view, "signatures", workflow_state_view(company, workflow, "signatures", signatures));
}

cJSON *ic_workflow_view(const ic_company *company, const ic_workflow *workflow, bool hydrate) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "id", workflow->id);
    ic_put_text(view, "ironcladId", workflow->readable);
    ic_put_text(view, "title", workflow->title);
    ic_put_text(view, "template", workflow->template->id);
    ic_put_text(view, "step", ic_step_names[workflow->step]);
    ic_put(view, "attributes", workflow_attributes_view(company, workflow, hydrate));
    ic_put(view, "schema", cJSON_CreateRaw(workflow->template->shown));
    ic_put_bool(view, "isCancelled", workflow->status == IC_STATUS_CANCELLED);
    ic_put_bool(view, "isComplete", workflow->status == IC_STATUS_COMPLETED);
    ic_put_text(view, "status", ic_status_names[workflow->status]);
    ic_put(view, "creator", workflow_creator_view(workflow->creator));
    ic_put_text(view, "created", ic_time_print(workflow->created).text);
    ic_put_text(view, "lastUpdated", ic_time_print(workflow->updated).text);
    ic_put(view, "roles", ic_roles_view(workflow));
    workflow_put_states(view, company, workflow);
    cJSON *records = ic_put(view, "recordIds", cJSON_CreateArray());
    for (size_t i = 0; i < workflow->records.count; i++) {
        const ic_record *record = ic_company_record(company, workflow->records.items[i]);
        if (record) ic_append(records, cJSON_CreateString(record->id));
    }
    ic_put_bool(view, "isRevertibleToReview",
                workflow->step == IC_STEP_SIGN && workflow->status == IC_STATUS_ACTIVE);
    return view;
}
