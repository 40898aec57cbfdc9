/* Fixtures of the directory and of webhooks. */
#include "../core/alloc.h"
#include "build.h"
#include "directory.h"
#include "loaders.h"
#include "scim_schema.h"
#include "webhooks.h"

/* --- {"email", "department", "departmentHead", "daysAgo"}: what SCIM shows of a user --- */

static void put_extension(cJSON *profile, const char *schema, const cJSON *source, const char *name) {
    const char *text = ic_json_string(source, name);
    if (text) ic_put_text(ic_put(profile, schema, cJSON_CreateObject()), name, text);
}

void ic_load_profile(ic_loader *load, const cJSON *source) {
    ic_user *user = ic_loader_user(load, ic_json_string(source, "email"));
    if (!user) return;
    cJSON *profile = cJSON_CreateObject();
    put_extension(profile, IC_SCIM_ENTERPRISE, source, "department");
    put_extension(profile, IC_SCIM_IRONCLAD, source, "departmentHead");
    cJSON_Delete(user->profile);
    user->profile = profile;
    user->created = user->updated = ic_load_days_ago(load->world, source, "daysAgo");
    if (!ic_whole(profile)) ic_loader_no_memory(load);
}

/* --- {"name", "members": [e-mails], "admins": true} --- */

static void load_members(ic_loader *load, ic_group *group, const cJSON *emails) {
    const cJSON *email;
    cJSON_ArrayForEach(email, emails) {
        ic_user *user = ic_loader_user(load, cJSON_GetStringValue(email));
        if (user && !ic_array_push(&group->members, user)) ic_loader_no_memory(load);
    }
}

void ic_load_group(ic_loader *load, const cJSON *source) {
    const char *name = ic_json_string(source, "name");
    if (!name || ic_world_group(load->world, name)) {
        ic_loader_fail(load, "fixtures: a group needs a name of its own");
        return;
    }
    ic_group *group = ic_group_new(load->world, name);
    if (!group || !ic_array_push(&load->world->groups, group)) {
        if (group) ic_group_free(group);
        ic_loader_no_memory(load);
        return;
    }
    group->admins = cJSON_IsTrue(ic_json_member(source, "admins"));
    load_members(load, group, ic_json_member(source, "members"));
}

/* --- {"targetURL", "events", "by": e-mail, "disabled": true} --- */

void ic_load_webhook(ic_loader *load, const cJSON *source) {
    const char *target = ic_json_string(source, "targetURL");
    const cJSON *events = ic_json_member(source, "events");
    const ic_user *user = ic_loader_user(load, ic_json_string(source, "by"));
    if (!target || !events || !events->child)
        ic_loader_fail(load, "fixtures: a webhook needs a targetURL and events");
    if (load->failed) return;
    ic_webhook *webhook = ic_webhook_new(load->world, target, events, user);
    if (!webhook)
        ic_loader_no_memory(load);
    else if (cJSON_IsTrue(ic_json_member(source, "disabled")))
        webhook->status = "disabled";
}
