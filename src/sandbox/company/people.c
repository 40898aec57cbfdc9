#include "sandbox/company/people.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
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

ic_user *ic_company_user(const ic_company *company, const char *id_or_email) {
    for (size_t i = 0; i < company->users.count; i++) {
        ic_user *user = company->users.items[i];
        if (ic_text_same(user->email, id_or_email) || strcmp(user->id, id_or_email) == 0) return user;
    }
    return NULL;
}

bool ic_company_add_user(ic_company *company, ic_user *user) {
    return ic_array_push(&company->users, user);
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

void ic_people_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->groups, ic_group *, ic_group_free);
    IC_ARRAY_FREE_ALL(&company->users, ic_user *, ic_user_free);
    IC_ARRAY_FREE_ALL(&company->former_users, ic_user *, ic_user_free);
}
