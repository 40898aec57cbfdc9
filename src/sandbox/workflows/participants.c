/* People of a workflow: participants, assigned roles, eligible assignees. */
#include "core/base/text.h"
#include "sandbox/company/people.h"
#include "sandbox/workflows/handlers.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/workflows.h"
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

/* The role that the path names by display name; NULL: answered with an error. */
static const ic_role_design *participant_find_role(ic_exchange *x, const ic_workflow *workflow) {
    for (size_t i = 0; i < workflow->template->role_count; i++)
        if (strcmp(workflow->template->roles[i].display_name, x->values[1]) == 0)
            return &workflow->template->roles[i];
    ic_reply_error(x, 404, "NOT_FOUND", "roleName", "role does not exist on this workflow");
    return NULL;
}

static cJSON *participant_assignee_view(const ic_user *user) {
    cJSON *view = participant_view(user);
    ic_put_text(view, "displayName", user->display_name);
    return view;
}

/* Eligible are the users that the design names, and the members of the group with the name of the role. */
static bool participant_is_eligible(const ic_company *company, const ic_role_design *role,
                                    const ic_user *user) {
    const ic_group *group = ic_company_group(company, role->display_name);
    return ic_array_has(&role->assignees, user) || (group && ic_array_has(&group->members, user));
}

static cJSON *participant_eligible_view(const ic_company *company, const ic_role_design *role, ic_page page,
                                        size_t *count) {
    const ic_group *group = ic_company_group(company, role->display_name);
    const ic_array *const lists[] = {&role->assignees, group ? &group->members : &role->assignees};
    size_t first = page.number * page.size;
    cJSON *view = cJSON_CreateArray();
    *count = 0;
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < lists[i]->count; j++) {
            const ic_user *user = lists[i]->items[j];
            if (i && ic_array_has(lists[0], user)) continue; /* already in the list */
            if (*count >= first && *count < first + page.size)
                ic_append(view, participant_assignee_view(user));
            ++*count;
        }
    return view;
}

void ic_roles_list_eligible(ic_exchange *x) {
    const ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    const ic_role_design *role = workflow ? participant_find_role(x, workflow) : NULL;
    if (!role) return;
    const ic_array *assigned = &workflow->assignees[role - workflow->template->roles];
    ic_page page = ic_exchange_page(x);
    size_t count;
    cJSON *list = participant_eligible_view(x->company, role, page, &count);
    cJSON *answer = cJSON_CreateObject();
    ic_put_number(answer, "page", (double)page.number);
    ic_put_number(answer, "pageSize", (double)page.size);
    ic_put_number(answer, "count", (double)count);
    ic_put(answer, "list", list);
    if (assigned->count) ic_put(answer, "defaultAssignee", participant_assignee_view(assigned->items[0]));
    ic_reply_json(x, 200, answer);
}

/* Statuses and messages as in the document. */
static bool participant_check_assignment(ic_exchange *x, const ic_workflow *workflow,
                                         const ic_role_design *role, const ic_user *user) {
    if (workflow->ended != IC_TIME_NONE)
        ic_reply_error(x, 422, "INVALID_STATE", NULL, "workflow is %s and cannot be reassigned",
                       ic_status_names[workflow->status]);
    else if (!user || !participant_is_eligible(x->company, role, user))
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "user is not assignable to the role");
    else
        return true;
    return false;
}

static bool participant_assign(ic_exchange *x, ic_workflow *workflow, const ic_role_design *role,
                               ic_user *user) {
    size_t index = (size_t)(role - workflow->template->roles);
    ic_time now = ic_company_now(x->company);
    workflow->assignees[index].count = 0;
    workflow->updated = now;
    return ic_array_push(&workflow->assignees[index], user) && ic_workflow_join(workflow, user) &&
           ic_reviews_reassign(workflow, index, now);
}

void ic_roles_assign(ic_exchange *x) {
    ic_workflow *workflow = ic_exchange_workflow(x, 404, true);
    const ic_role_design *role = workflow ? participant_find_role(x, workflow) : NULL;
    if (!role) return;
    const char *id = ic_json_string(x->body, "userId");
    ic_user *user = ic_company_user(x->company, id);
    if (user && strcmp(user->id, id) != 0) user = NULL; /* an e-mail address is not an id */
    if (!participant_check_assignment(x, workflow, role, user)) return;
    if (!participant_assign(x, workflow, role, user)) {
        ic_reply_no_memory(x);
        return;
    }
    cJSON *answer = cJSON_CreateObject();
    ic_put_text(answer, "roleName", role->display_name);
    ic_put(answer, "assignee", participant_assignee_view(user));
    ic_reply_json(x, 200, answer);
}
