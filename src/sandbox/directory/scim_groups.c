/* SCIM groups: list, create, get, update, replace, delete. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/company/people.h"
#include "sandbox/directory/handlers.h"
#include "sandbox/directory/scim.h"
#include <string.h>

/* --- what it looks like: GroupResponseObject --- */

static cJSON *group_view(const ic_company *company, const void *item) {
    const ic_group *group = item;
    cJSON *view = cJSON_CreateObject();
    ic_append(ic_put(view, "schemas", cJSON_CreateArray()), cJSON_CreateString(IC_SCIM_GROUP));
    ic_put_text(view, "id", group->id);
    if (group->external_id) ic_put_text(view, "externalId", group->external_id);
    ic_put_text(view, "displayName", group->name);
    cJSON *members = ic_put(view, "members", cJSON_CreateArray());
    for (size_t i = 0; i < group->members.count; i++) {
        cJSON *member = ic_append(members, cJSON_CreateObject());
        ic_put_text(member, "type", "User");
        ic_put_text(member, "value", ((const ic_user *)group->members.items[i])->id);
    }
    ic_put(view, "meta", ic_scim_meta(company, &ic_scim_groups, group->id));
    return view;
}

/* --- what a request says --- */

static bool group_read_members(ic_exchange *x, const cJSON *list, ic_array *members) {
    const cJSON *member;
    cJSON_ArrayForEach(member, list) {
        const char *id = ic_json_string(member, "value");
        ic_user *user = id ? ic_company_user(x->company, id) : NULL;
        if (!user || strcmp(user->id, id) != 0) {
            ic_scim_refuse_value(x, "members.value", ic_json_member(member, "value"));
            return false;
        }
        if (ic_array_has(members, user)) continue;
        if (!ic_array_push(members, user)) {
            ic_reply_no_memory(x);
            return false;
        }
    }
    return true;
}

static bool group_check_name(ic_exchange *x, const cJSON *resource, const ic_group *group) {
    const char *name = ic_json_string(resource, "displayName");
    const ic_group *holder = name ? ic_company_group(x->company, name) : NULL;
    if (!name || !*name)
        ic_scim_refuse_value(x, "displayName", ic_json_member(resource, "displayName"));
    else if (holder && holder != group)
        ic_reply_scim_error(x, 409, "uniqueness", "displayName %s is taken", name);
    else
        return true;
    return false;
}

/* A new group from the resource. NULL: answered with an error. */
static ic_group *group_read_draft(ic_exchange *x, const cJSON *resource, const ic_group *group) {
    ic_array members = {0};
    if (!group_check_name(x, resource, group) ||
        !group_read_members(x, ic_json_member(resource, "members"), &members)) {
        ic_array_free(&members);
        return NULL;
    }
    const char *external_id = ic_json_string(resource, "externalId");
    ic_group *draft = ic_group_new(x->company, ic_json_string(resource, "displayName"));
    if (draft) draft->external_id = ic_strdup(external_id);
    if (draft && (!external_id || draft->external_id)) {
        draft->members = members;
        return draft;
    }
    if (draft) ic_group_free(draft);
    ic_array_free(&members);
    ic_reply_no_memory(x);
    return NULL;
}

/* --- the operations --- */

void ic_groups_list(ic_exchange *x) {
    ic_scim_reply_list(x, &ic_scim_groups, &x->company->groups, group_view);
}

static ic_group *group_find(ic_exchange *x) {
    ic_group *group = ic_company_group(x->company, x->values[0]);
    if (group && strcmp(group->id, x->values[0]) == 0) return group;
    ic_scim_not_found(x);
    return NULL;
}

static void group_reply(ic_exchange *x, unsigned status, const ic_group *group) {
    ic_scim_reply(x, status, &ic_scim_groups, group_view(x->company, group));
}

void ic_groups_get(ic_exchange *x) {
    const ic_group *group = group_find(x);
    if (group) group_reply(x, 200, group);
}

void ic_groups_create(ic_exchange *x) {
    cJSON *resource = ic_scim_may_change(x) ? ic_scim_read(x, &ic_scim_groups) : NULL;
    ic_group *group = resource ? group_read_draft(x, resource, NULL) : NULL;
    cJSON_Delete(resource);
    if (group && ic_array_push(&x->company->groups, group)) {
        group_reply(x, 201, group);
    } else if (group) {
        ic_group_free(group);
        ic_reply_no_memory(x);
    }
}

/* Changes the group to what the resource says. It keeps its id. */
static void group_change(ic_exchange *x, ic_group *group, const cJSON *resource) {
    ic_group *draft = group_read_draft(x, resource, group);
    if (!draft) return;
    ic_group before = *group;
    *group = *draft;
    *draft = before;
    memcpy(group->id, before.id, sizeof group->id);
    group->admins = before.admins;
    ic_group_free(draft);
    group_reply(x, 200, group);
}

void ic_groups_replace(ic_exchange *x) {
    ic_group *group = ic_scim_may_change(x) ? group_find(x) : NULL;
    cJSON *resource = group ? ic_scim_read(x, &ic_scim_groups) : NULL;
    if (resource) group_change(x, group, resource);
    cJSON_Delete(resource);
}

/* Unlike users, groups do not allow replace. */
void ic_groups_update(ic_exchange *x) {
    ic_group *group = ic_scim_may_change(x) ? group_find(x) : NULL;
    if (!group) return;
    cJSON *resource = group_view(x->company, group);
    if (!ic_whole(resource))
        ic_reply_no_memory(x);
    else if (ic_scim_patch(x, &ic_scim_groups, IC_SCIM_ADD | IC_SCIM_REMOVE, resource))
        group_change(x, group, resource);
    cJSON_Delete(resource);
}

void ic_groups_delete(ic_exchange *x) {
    ic_group *group = ic_scim_may_change(x) ? group_find(x) : NULL;
    if (!group) return;
    if (group->admins) {
        ic_reply_scim_error(x, 403, NULL, "the administrators' group stays");
        return;
    }
    ic_array_drop(&x->company->groups, group);
    ic_group_free(group);
    ic_reply_nothing(x);
}
