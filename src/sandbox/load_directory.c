/* Fixtures of the directory and of webhooks. */
#include "../core/alloc.h"
#include "build.h"
#include "directory.h"
#include "loaders.h"
#include "scim_schema.h"
#include "webhooks.h"
#include <stdio.h>

bool ic_load_fail(char *error, size_t size, const char *what, const char *name) {
    snprintf(error, size, "fixtures: %s '%s'", what, name ? name : "(nothing)");
    return false;
}

bool ic_load_no_memory(char *error, size_t size) {
    snprintf(error, size, "no memory for the fixtures");
    return false;
}

/* --- {"email", "department", "departmentHead", "daysAgo"}: what SCIM shows of a user --- */

static void put_extension(cJSON *profile, const char *schema, const cJSON *source, const char *name) {
    const char *text = ic_json_string(source, name);
    if (text) ic_put_text(ic_put(profile, schema, cJSON_CreateObject()), name, text);
}

bool ic_load_profile(ic_world *world, const cJSON *source, char *error, size_t size) {
    const char *email = ic_json_string(source, "email");
    ic_user *user = email ? ic_world_user(world, email) : NULL;
    if (!user) return ic_load_fail(error, size, "no user", email);
    cJSON *profile = cJSON_CreateObject();
    put_extension(profile, IC_SCIM_ENTERPRISE, source, "department");
    put_extension(profile, IC_SCIM_IRONCLAD, source, "departmentHead");
    cJSON_Delete(user->profile);
    user->profile = profile;
    user->created = user->updated = ic_load_days_ago(world, source, "daysAgo");
    return ic_whole(profile) || ic_load_no_memory(error, size);
}

/* --- {"name", "members": [e-mails], "admins": true} --- */

static bool load_members(const ic_world *world, ic_group *group, const cJSON *emails, char *error,
                         size_t size) {
    const cJSON *email;
    cJSON_ArrayForEach(email, emails) {
        const char *text = cJSON_GetStringValue(email);
        ic_user *user = text ? ic_world_user(world, text) : NULL;
        if (!user) return ic_load_fail(error, size, "no user", text);
        if (!ic_array_push(&group->members, user)) return ic_load_no_memory(error, size);
    }
    return true;
}

bool ic_load_group(ic_world *world, const cJSON *source, char *error, size_t size) {
    const char *name = ic_json_string(source, "name");
    if (!name || ic_world_group(world, name))
        return ic_load_fail(error, size, "a group needs a name of its own, not", name);
    ic_group *group = ic_group_new(world, name);
    if (!group || !ic_array_push(&world->groups, group)) {
        if (group) ic_group_free(group);
        return ic_load_no_memory(error, size);
    }
    group->admins = cJSON_IsTrue(ic_json_member(source, "admins"));
    return load_members(world, group, ic_json_member(source, "members"), error, size);
}

/* --- {"targetURL", "events", "by": e-mail, "disabled": true} --- */

bool ic_load_webhook(ic_world *world, const cJSON *source, char *error, size_t size) {
    const char *target = ic_json_string(source, "targetURL"), *by = ic_json_string(source, "by");
    const cJSON *events = ic_json_member(source, "events");
    const ic_user *user = by ? ic_world_user(world, by) : NULL;
    if (!target || !events || !events->child)
        return ic_load_fail(error, size, "a webhook needs events and a", "targetURL");
    if (!user) return ic_load_fail(error, size, "no user", by);
    ic_webhook *webhook = ic_webhook_new(world, target, events, user);
    if (!webhook) return ic_load_no_memory(error, size);
    if (cJSON_IsTrue(ic_json_member(source, "disabled"))) webhook->status = "disabled";
    return true;
}
