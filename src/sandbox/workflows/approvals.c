/* Approvals: list and update. */
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/workflow_events.h"
#include "sandbox/workflows/workflow_exchange.h"
#include "sandbox/workflows/workflow_view.h"
#include <string.h>

/* --- get --- */

static cJSON *approval_reviewer_view(const ic_role_design *role, bool approved) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "role", role->id);
    ic_put_text(view, "displayName", role->display_name);
    ic_put_text(view, "reviewerType", "role");
    ic_put_text(view, "status", approved ? "approved" : "pending");
    return view;
}

static cJSON *approval_group_view(const ic_workflow *workflow, int group) {
    const ic_template *template = workflow->template;
    cJSON *view = cJSON_CreateObject();
    cJSON *reviewers = ic_put(view, "reviewers", cJSON_CreateArray());
    for (size_t i = 0; i < template->review_count; i++)
        if (template->reviews[i].group == group)
            ic_append(reviewers, approval_reviewer_view(&template->roles[template->reviews[i].role],
                                                        workflow->approved[i]));
    bool reviewing = workflow->step == IC_STEP_REVIEW && workflow->status == IC_STATUS_ACTIVE;
    ic_put_text(view, "status",
                ic_group_approved(workflow, group)                ? "approved"
                : reviewing && ic_group_active(workflow) == group ? "active"
                                                                  : "pending");
    ic_put_number(view, "order", group);
    return view;
}

void ic_approvals_get(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 400, true);
    if (!workflow) return;
    const ic_template *template = workflow->template;
    int last = template->review_count ? template->reviews[template->review_count - 1].group : 0;
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "workflowId", workflow->id);
    ic_put_text(answer, "title", workflow->title);
    cJSON *groups = ic_put(answer, "approvalGroups", cJSON_CreateArray());
    for (int group = 1; group <= last; group++)
        ic_append(groups, approval_group_view(workflow, group));
    ic_put(answer, "roles", ic_roles_view(workflow));
    ic_reply_json(x, 200, answer);
}

/* --- update --- */

static bool approval_refuse(ic_exchange *x, const char *code, const char *message) {
    ic_reply_error(x, 400, code, "approval", "%s", message);
    return false;
}

static bool approval_is_reviewer(const ic_template *template, size_t role) {
    for (size_t i = 0; i < template->review_count; i++)
        if (template->reviews[i].role == role) return true;
    return false;
}

/* Messages and codes as in the document. */
static bool approval_check_update(ic_exchange *x, const ic_workflow *workflow, size_t role,
                                  const char *status) {
    if (strcmp(status, "approved") != 0 && strcmp(status, "pending") != 0) {
        ic_reply_error(x, 400, "INVALID_PARAM", "status",
                       "invalid value '%s'; value must be one of [approved, pending]", status);
        return false;
    }
    if (role >= workflow->template->role_count)
        return approval_refuse(x, "INVALID_PARAM", "This role does not exist in this workflow");
    if (!approval_is_reviewer(workflow->template, role) || !ic_array_has(&workflow->assignees[role], x->user))
        return approval_refuse(
            x, "INVALID_PARAM",
            "This approval either was not requested or this user was not assigned to this approval");
    if (workflow->step != IC_STEP_REVIEW || workflow->status != IC_STATUS_ACTIVE ||
        ic_review_of(workflow->template, role, ic_group_active(workflow)) == workflow->template->review_count)
        return approval_refuse(x, "INVALID_STATE", "This approval cannot be approved out of order");
    return true;
}

void ic_approvals_update(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_workflow(x, 400, true);
    if (!workflow) return;
    size_t role = ic_template_role(workflow->template, x->values[1]);
    const char *status = ic_json_string(x->body, "status");
    if (!approval_check_update(x, workflow, role, status)) return;
    size_t review = ic_review_of(workflow->template, role, ic_group_active(workflow));
    if (!ic_review_decide(x->company, workflow, review, x->user, strcmp(status, "approved") == 0)) {
        ic_reply_no_memory(x);
        return;
    }
    ic_workflow_approval_event(x->company, workflow, review, x->user);
    ic_reply_json(x, 200, cJSON_CreateTrue()); /* the bare value, as the service answers */
}
