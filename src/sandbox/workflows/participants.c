/* People of a workflow: participants, assigned roles, eligible assignees. */
#include "core/base/text.h"
#include "sandbox/company/people.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/workflow.h"
#include "sandbox/workflows/workflow_exchange.h"
#include "sandbox/workflows/workflow_view.h"
#include <string.h>

/* --- participants --- */

static cJSON *participant_view(const ic_user *user) {
    cJSON *view = cJSON_CreateObject();
    ic_put_text(view, "userId", user->id);
    ic_put_text(view, "email", user->email);
    return view;
}

void ic_participants_list(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow) return;
    const char *email = ic_exchange_query(x, "email");
    ic_page page = ic_exchange_page(x);
    size_t first = page.number * page.size, count = 0;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < workflow->participants.count; i++) {
        const ic_user *user = workflow->participants.items[i];
        if (email && !ic_text_same(user->email, email)) continue;
        if (count >= first && count < first + page.size) ic_append(list, participant_view(user));
        count++;
    }
    ic_reply_page(x, page, count, list);
}

/* --- roles --- */

/* A role of a workflow: an approver's, a signer's, or the owner's. */
typedef struct role {
    const char *name;
    const ic_role_design *design;   /* an approver's */
    const ic_signer_design *signer; /* a signer's; with neither it is the owner's */
} role;

/* The role in the path, by its display name. false: an error is set as the reply. */
static bool participant_find_role(ic_exchange *x, const ic_workflow *workflow, role *found) {
    *found = (role){.name = x->values[1]};
    if (strcmp(found->name, IC_OWNER_ROLE) == 0) return true;
    for (size_t i = 0; i < workflow->template->role_count; i++)
        if (strcmp(workflow->template->roles[i].display_name, found->name) == 0)
            found->design = &workflow->template->roles[i];
    const ic_signing_design *signing = workflow->template->signing;
    for (size_t i = 0; signing && i < signing->signer_count; i++)
        if (signing->signers[i].user && strcmp(signing->signers[i].role_name, found->name) == 0)
            found->signer = &signing->signers[i];
    if (found->design || found->signer) return true;
    ic_reply_error(x, 404, "NOT_FOUND", "roleName", "role does not exist on this workflow");
    return false;
}

static cJSON *participant_assignee_view(const ic_user *user) {
    cJSON *view = participant_view(user);
    ic_put_text(view, "displayName", user->display_name);
    return view;
}

/* Users who may launch can own a workflow. For a role of the design, the users that the design names and the
 * members of the group with the role's name are eligible; for a signer's role, the design's signer only. */
static bool participant_is_eligible(const ic_company *company, const role *role, const ic_user *user) {
    if (role->signer) return role->signer->user == user;
    if (!role->design) return user->rights & IC_MAY_LAUNCH;
    const ic_group *group = ic_company_group(company, role->name);
    return ic_array_has(&role->design->assignees, user) || (group && ic_array_has(&group->members, user));
}

static cJSON *participant_eligible_view(const ic_company *company, const role *role, ic_page page,
                                        size_t *count) {
    size_t first = page.number * page.size;
    cJSON *view = cJSON_CreateArray();
    *count = 0;
    for (size_t i = 0; i < company->users.count; i++) {
        const ic_user *user = company->users.items[i];
        if (!participant_is_eligible(company, role, user)) continue;
        if (*count >= first && *count < first + page.size) ic_append(view, participant_assignee_view(user));
        ++*count;
    }
    return view;
}

/* The first user with the role; NULL: none. */
static const ic_user *participant_assigned(const ic_workflow *workflow, const role *role) {
    if (role->signer) return role->signer->user;
    if (!role->design) return workflow->owner;
    const ic_array *assigned = &workflow->assignees[role->design - workflow->template->roles];
    return assigned->count ? assigned->items[0] : NULL;
}

void ic_roles_list_eligible(ic_exchange *x) {
    role role;
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow || !participant_find_role(x, workflow, &role)) return;
    const ic_user *assigned = participant_assigned(workflow, &role);
    ic_page page = ic_exchange_page(x);
    size_t count;
    cJSON *list = participant_eligible_view(x->company, &role, page, &count);
    cJSON *answer = cJSON_CreateObject();
    ic_put_number(answer, "page", (double)page.number);
    ic_put_number(answer, "pageSize", (double)page.size);
    ic_put_number(answer, "count", (double)count);
    ic_put(answer, "list", list);
    if (assigned) ic_put(answer, "defaultAssignee", participant_assignee_view(assigned));
    ic_reply_json(x, 200, answer);
}

/* Statuses and messages as in the document. */
static bool participant_check_assignment(ic_exchange *x, const ic_workflow *workflow, const role *role,
                                         const ic_user *user) {
    if (workflow->ended != IC_TIME_NONE)
        ic_reply_error(x, 422, "INVALID_STATE", NULL, "workflow is %s and cannot be reassigned",
                       ic_status_names[workflow->status]);
    else if (!user || !participant_is_eligible(x->company, role, user))
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "user is not assignable to the role");
    else
        return true;
    return false;
}

/* false: no memory. */
static bool participant_assign(ic_exchange *x, ic_workflow *workflow, const role *role, ic_user *user) {
    ic_time now = ic_company_now(x->company);
    workflow->updated = now;
    if (role->signer) return true; /* only the signer of the design is eligible */
    if (!role->design) {
        workflow->owner = user;
        return ic_workflow_join(workflow, user);
    }
    size_t index = (size_t)(role->design - workflow->template->roles);
    workflow->assignees[index].count = 0;
    return ic_array_push(&workflow->assignees[index], user) && ic_workflow_join(workflow, user) &&
           ic_reviews_reassign(workflow, index, now);
}

void ic_roles_assign(ic_exchange *x) {
    role role;
    ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    if (!workflow || !participant_find_role(x, workflow, &role)) return;
    const char *id = ic_json_string(x->body, "userId");
    ic_user *user = ic_company_user(x->company, id);
    if (user && strcmp(user->id, id) != 0) user = NULL; /* an e-mail address is not an id */
    if (!participant_check_assignment(x, workflow, &role, user)) return;
    if (!participant_assign(x, workflow, &role, user)) {
        ic_reply_no_memory(x);
        return;
    }
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "roleName", role.name);
    ic_put(answer, "assignee", participant_assignee_view(user));
    ic_reply_json(x, 200, answer);
}
