#include "sandbox/directory/leaving.h"
#include "sandbox/company/access.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/workflow.h"

/* Who takes over from a user who leaves: the first other administrator, or else the first other user. */
static ic_user *leaving_find_successor(const ic_company *company, const ic_user *leaving) {
    const ic_group *admins = ic_company_admins(company);
    const ic_array *const lists[] = {admins ? &admins->members : &company->users, &company->users};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (lists[i]->items[j] != leaving) return lists[i]->items[j];
    return NULL;
}

/* Replaces the leaving user by the successor. Needs no memory. */
static void leaving_replace(ic_array *list, const ic_user *leaving, ic_user *successor) {
    if (ic_array_has(list, successor)) {
        ic_array_drop(list, leaving);
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == leaving) list->items[i] = successor;
}

/* Also replaces the company's signer. When out of memory, no new approvers are asked. */
static void leaving_hand_over_workflow(ic_workflow *workflow, const ic_user *leaving, ic_user *successor,
                                       ic_time now) {
    if (workflow->status != IC_STATUS_ACTIVE && workflow->status != IC_STATUS_PAUSED) return;
    if (workflow->creator == leaving) workflow->creator = successor;
    if (workflow->owner == leaving) workflow->owner = successor;
    leaving_replace(&workflow->participants, leaving, successor);
    for (size_t i = 0; i < workflow->template->role_count; i++)
        leaving_replace(&workflow->assignees[i], leaving, successor);
    for (size_t i = 0; i < workflow->template->role_count; i++)
        ic_reviews_reassign(workflow, i, now);
    ic_packet_hand_over(workflow->packet, leaving, successor);
}

static void leaving_hand_over_designs(ic_company *company, const ic_user *leaving, ic_user *successor) {
    for (size_t i = 0; i < company->templates.count; i++) {
        ic_template *template = company->templates.items[i];
        for (size_t j = 0; j < template->role_count; j++)
            leaving_replace(&template->roles[j].assignees, leaving, successor);
        ic_signing_hand_over(template->signing, leaving, successor);
    }
}

static void leaving_end_sessions(ic_company *company, const ic_user *leaving) {
    for (size_t i = 0; i < company->tokens.count; i++) {
        ic_token *token = company->tokens.items[i];
        if (token->user == leaving) token->revoked = true;
    }
    for (size_t i = 0; i < company->consents.count; i++) {
        ic_consent *consent = company->consents.items[i];
        if (consent->user == leaving) consent->code[0] = consent->refresh[0] = '\0';
    }
}

bool ic_company_remove_user(ic_company *company, ic_user *user) {
    ic_user *successor = leaving_find_successor(company, user);
    if (!successor || !ic_array_push(&company->former_users, user)) return false;
    ic_array_drop(&company->users, user);
    for (size_t i = 0; i < company->groups.count; i++)
        ic_array_drop(&((ic_group *)company->groups.items[i])->members, user);
    leaving_hand_over_designs(company, user, successor);
    for (size_t i = 0; i < company->workflows.count; i++)
        leaving_hand_over_workflow(company->workflows.items[i], user, successor, ic_company_now(company));
    leaving_end_sessions(company, user);
    return true;
}
