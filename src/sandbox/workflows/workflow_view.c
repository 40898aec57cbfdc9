/* A workflow as the API shows it: WorkflowResponseModel and LaunchedWorkflow of the public document. */
#include "sandbox/workflows/workflow_view.h"
#include "sandbox/base/build.h"
#include "sandbox/records/entities.h"
#include "sandbox/workflows/turns.h"
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

/* The user who signs as signer number `i`. NULL: not a user of the company. */
static const ic_user *workflow_signer(const ic_workflow *workflow, size_t i, const char **role_name) {
    if (workflow->packet) {
        if (i >= workflow->packet->signers.count) return NULL;
        const ic_signer *signer = workflow->packet->signers.items[i];
        *role_name = signer->role_name;
        return signer->user;
    }
    const ic_signer_design *design = &workflow->template->signing->signers[i];
    *role_name = design->role_name;
    return design->user;
}

static void workflow_add_role(cJSON *roles, const char *id, const char *name, const ic_user *user) {
    cJSON *role = ic_append(roles, cJSON_CreateObject());
    ic_put_text(role, "id", id);
    ic_put_text(role, "displayName", name);
    ic_append(ic_put(role, "assignees", cJSON_CreateArray()), workflow_assignee_view(user));
}

/* The approvers, the company's signers, and the owner. The id of a signer's role follows from the design. */
static cJSON *workflow_all_roles_view(const ic_workflow *workflow) {
    cJSON *roles = ic_roles_view(workflow);
    const ic_signing_design *signing = workflow->template->signing;
    for (size_t i = 0; signing && i < signing->signer_count; i++) {
        const char *name;
        char id[sizeof "signer" + sizeof(ic_object_id) + 8];
        const ic_user *user = workflow_signer(workflow, i, &name);
        snprintf(id, sizeof id, "signer%s%02x", workflow->template->id, (unsigned)i & 0xFF);
        if (user) workflow_add_role(roles, id, name, user);
    }
    workflow_add_role(roles, "owner", IC_OWNER_ROLE, workflow->owner);
    return roles;
}

cJSON *ic_author_view(const ic_company *company, const ic_user *user) {
    cJSON *view = cJSON_CreateObject();
    if (!user) {
        ic_put_text(view, "type", "system");
        ic_put_text(view, "displayName", "Ironclad");
        return view;
    }
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
        if (field && !ic_json_member(field, "elementType")) {
            ic_put(view, document->attribute, shown);
            continue;
        }
        cJSON *list = ic_json_member(view, document->attribute);
        ic_append(list ? list : ic_put(view, document->attribute, cJSON_CreateArray()), shown);
    }
    if (workflow->reverted) ic_put_bool(view, "reviewRollbacked", true);
    ic_put_text(view, "readableId", workflow->readable);
    ic_put_text(view, "currentTurnParty", ic_turn_party(workflow));
    return view;
}

/* Fields that the sandbox does not know are empty. */
static cJSON *workflow_creator_view(const ic_user *user) {
    static const char *const empty[] = {"contactNumber", "department", "pronoun"};
    char token[sizeof "userProfileToken" + sizeof(ic_object_id)];
    cJSON *view = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        ic_put_text(view, empty[i], "");
    snprintf(token, sizeof token, "userProfileToken%s", user->id);
    ic_put_text(ic_put(view, "profilePhoto", cJSON_CreateObject()), "readToken", token);
    ic_put(view, "companyProfile", cJSON_CreateObject());
    ic_put(view, "companyProfiles", cJSON_CreateObject());
    ic_put_text(view, "lastUsageTrack", ic_time_print(user->updated).text);
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
    ic_put(view, "roles", workflow_all_roles_view(workflow));
    workflow_put_states(view, company, workflow);
    for (size_t i = 0; i < workflow->records.count; i++) {
        const ic_record *record = ic_company_record(company, workflow->records.items[i]);
        cJSON *records = ic_json_member(view, "recordIds");
        if (record && !records) records = ic_put(view, "recordIds", cJSON_CreateArray());
        if (record) ic_append(records, cJSON_CreateString(record->id));
    }
    ic_put_bool(view, "isRevertibleToReview",
                workflow->step == IC_STEP_SIGN && workflow->status == IC_STATUS_ACTIVE);
    return view;
}
