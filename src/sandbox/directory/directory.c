#include "sandbox/directory/directory.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "sandbox/workflows/reviews.h"
#include "sandbox/workflows/signing.h"
#include <string.h>

/* --- people --- */

ic_user *ic_user_new(ic_company *company, const char *email) {
    ic_user *user = ic_calloc(1, sizeof *user);
    if (!user) return NULL;
    ic_new_object_id(company, user->id);
    user->email = ic_strdup(email);
    user->first_name = ic_strdup("");
    user->last_name = ic_strdup("");
    user->display_name = ic_strdup("");
    user->title = ic_strdup("");
    user->created = user->updated = ic_company_now(company);
    user->rights = IC_MAY_LAUNCH | IC_MAY_EDIT_RECORDS;
    if (user->email && user->first_name && user->last_name && user->display_name && user->title) return user;
    ic_user_free(user);
    return NULL;
}

void ic_user_free(ic_user *user) {
    char *const texts[] = {user->email, user->first_name, user->last_name, user->display_name, user->title};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ic_free(texts[i]);
    cJSON_Delete(user->profile);
    ic_free(user);
}

bool ic_user_set_display_name(ic_user *user, const char *given) {
    ic_buf name = {0};
    if (given && *given)
        ic_buf_puts(&name, given);
    else
        ic_buf_printf(&name, "%s%s%s", user->first_name, *user->first_name && *user->last_name ? " " : "",
                      user->last_name);
    const char *text = ic_buf_text(&name);
    char *copy = ic_strdup(text && *text ? text : text ? user->email : NULL);
    ic_buf_free(&name);
    if (!copy) return false;
    ic_free(user->display_name);
    user->display_name = copy;
    return true;
}

bool ic_company_add_user(ic_company *company, ic_user *user) {
    return ic_array_push(&company->users, user);
}

/* Who takes over from somebody that leaves: of the administrators the first, else of all. */
static ic_user *heir_of(const ic_company *company, const ic_user *leaving) {
    const ic_group *admins = ic_company_admins(company);
    const ic_array *const lists[] = {admins ? &admins->members : &company->users, &company->users};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (lists[i]->items[j] != leaving) return lists[i]->items[j];
    return NULL;
}

/* Puts the heir in the place of who leaves; needs no memory. */
static void replace(ic_array *list, const ic_user *leaving, ic_user *heir) {
    if (ic_array_has(list, heir)) {
        ic_array_drop(list, leaving);
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == leaving) list->items[i] = heir;
}

/* Also who signs for the company. Without memory, nobody is asked anew. */
static void hand_over_workflow(ic_workflow *workflow, const ic_user *leaving, ic_user *heir, ic_time now) {
    if (workflow->status != IC_STATUS_ACTIVE && workflow->status != IC_STATUS_PAUSED) return;
    if (workflow->creator == leaving) workflow->creator = heir;
    replace(&workflow->participants, leaving, heir);
    for (size_t i = 0; i < workflow->template->role_count; i++)
        replace(&workflow->assignees[i], leaving, heir);
    for (size_t i = 0; i < workflow->template->role_count; i++)
        ic_reviews_reassign(workflow, i, now);
    ic_packet_hand_over(workflow->packet, leaving, heir);
}

static void hand_over_designs(ic_company *company, const ic_user *leaving, ic_user *heir) {
    for (size_t i = 0; i < company->templates.count; i++) {
        ic_template *template = company->templates.items[i];
        for (size_t j = 0; j < template->role_count; j++)
            replace(&template->roles[j].assignees, leaving, heir);
        ic_signing_hand_over(template->signing, leaving, heir);
    }
}

static void end_sessions(ic_company *company, const ic_user *leaving) {
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
    ic_user *heir = heir_of(company, user);
    if (!heir || !ic_array_push(&company->former_users, user)) return false;
    ic_array_drop(&company->users, user);
    for (size_t i = 0; i < company->groups.count; i++)
        ic_array_drop(&((ic_group *)company->groups.items[i])->members, user);
    hand_over_designs(company, user, heir);
    for (size_t i = 0; i < company->workflows.count; i++)
        hand_over_workflow(company->workflows.items[i], user, heir, ic_company_now(company));
    end_sessions(company, user);
    return true;
}

/* --- groups --- */

ic_group *ic_group_new(ic_company *company, const char *name) {
    ic_group *group = ic_calloc(1, sizeof *group);
    if (!group) return NULL;
    ic_new_uuid(company, group->id);
    group->name = ic_strdup(name);
    if (group->name) return group;
    ic_group_free(group);
    return NULL;
}

void ic_group_free(ic_group *group) {
    ic_free(group->name);
    ic_free(group->external_id);
    ic_array_free(&group->members);
    ic_free(group);
}

ic_group *ic_company_group(const ic_company *company, const char *id_or_name) {
    for (size_t i = 0; i < company->groups.count; i++) {
        ic_group *group = company->groups.items[i];
        if (strcmp(group->id, id_or_name) == 0 || ic_text_same(group->name, id_or_name)) return group;
    }
    return NULL;
}

ic_group *ic_company_admins(const ic_company *company) {
    for (size_t i = 0; i < company->groups.count; i++) {
        ic_group *group = company->groups.items[i];
        if (group->admins) return group;
    }
    return NULL;
}
