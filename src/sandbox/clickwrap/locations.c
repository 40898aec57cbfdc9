/* The locations of snapshots. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include <stdio.h>
#include <string.h>

void ic_cw_locations_list(ic_exchange *x) {
    ic_cw_reply_list(x, IC_CW_LOCATION, NULL);
}

static bool location_refuse(ic_exchange *x, unsigned status, const char *code, const char *message) {
    ic_reply_error(x, status, code, NULL, "%s", message);
    return false;
}

static bool location_is_web(const cJSON *body) {
    const char *type = ic_json_string(body, "location_type");
    return type && strcmp(type, "web") == 0;
}

static bool location_check(ic_exchange *x) {
    static const char *const of_web[] = {"name", "key", "capture_url", NULL}, *const of_app[] = {
                                                                                  "name", "key",
                                                                                  "application_id",
                                                                                  "application_name", NULL};
    const char *key = ic_json_string(x->body, "key");
    if (!ic_json_string(x->body, "location_type"))
        return location_refuse(x, 422, "unprocessable", "location_type is missing");
    for (const char *const *name = location_is_web(x->body) ? of_web : of_app; *name; name++)
        if (!ic_json_string(x->body, *name))
            return location_refuse(x, 422, "unprocessable", "a field is missing");
    if (ic_cw_find(x->company->clickwrap, IC_CW_LOCATION, "key", key))
        return location_refuse(x, 409, "conflict", "the key is taken");
    return true;
}

/* Sets the members of a new location that the request did not give. */
static void location_complete(cJSON *location) {
    static const char *const texts[][2] = {{"status", "draft"}, {"published_time", ""}};
    for (size_t i = 0; i < 2; i++)
        ic_cw_set_text(location, texts[i][0], texts[i][1]);
    ic_cw_set_bool(location, "published", false);
    ic_cw_set_bool(location, "archived", false);
    if (location_is_web(location)) {
        if (!ic_json_member(location, "platform")) ic_cw_set_text(location, "platform", "desktop");
        if (!ic_json_member(location, "frequency")) ic_cw_set_text(location, "frequency", "weekly");
    } else if (!ic_json_member(location, "mobile_os")) {
        ic_cw_set_text(location, "mobile_os", "ios");
    }
}

void ic_cw_locations_create(ic_exchange *x) {
    if (!location_check(x)) return;
    cJSON *location = ic_cw_new(x->company, IC_CW_LOCATION);
    ic_cw_change(x, location);
    location_complete(location);
    location = ic_cw_kept(x, IC_CW_LOCATION, location);
    if (location) ic_cw_reply_thing(x, 201, IC_CW_LOCATION, location, false);
}

static void location_reply(ic_exchange *x, const cJSON *location) {
    ic_cw_reply_thing(x, 200, IC_CW_LOCATION, location, true);
}

static void location_commit(ic_exchange *x, cJSON *location, cJSON *copy) {
    if (ic_cw_committed(x, location, copy)) location_reply(x, location);
}

void ic_cw_locations_get(ic_exchange *x) {
    const cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    if (location) location_reply(x, location);
}

void ic_cw_locations_update(ic_exchange *x) {
    cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    if (!location) return;
    if (ic_json_member(x->body, "key") && ic_cw_true(location, "published")) {
        ic_cw_refuse(x, "the key changes only while it is a draft");
        return;
    }
    cJSON *copy = ic_cw_edit(location);
    ic_cw_change(x, copy);
    location_commit(x, location, copy);
}

void ic_cw_locations_delete(ic_exchange *x) {
    cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    if (!location) return;
    ic_cw_reply_id(x, location);
    cJSON_Delete(cJSON_DetachItemViaPointer(x->company->clickwrap->lists[IC_CW_LOCATION], location));
}

void ic_cw_locations_publish(ic_exchange *x) {
    cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    if (!location) return;
    cJSON *copy = ic_cw_edit(location);
    ic_cw_set_bool(copy, "published", true);
    ic_cw_set_text(copy, "status", "published");
    ic_cw_set_text(copy, "published_time", ic_time_print(ic_company_now(x->company)).text);
    ic_cw_touch(x->company, copy);
    location_commit(x, location, copy);
}

void ic_cw_locations_clone(ic_exchange *x) {
    const cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    const cJSON *member;
    if (!location) return;
    cJSON *clone = ic_cw_new(x->company, IC_CW_LOCATION);
    cJSON_ArrayForEach(member, location) {
        if (ic_whole(clone) && !ic_json_member(clone, member->string))
            ic_cw_set(clone, member->string, cJSON_Duplicate(member, true));
    }
    char key[256];
    snprintf(key, sizeof key, "%.200s-copy", ic_json_string(location, "key"));
    ic_cw_set_text(clone, "key", key);
    location_complete(clone);
    clone = ic_cw_kept(x, IC_CW_LOCATION, clone);
    if (clone) location_reply(x, clone);
}

void ic_cw_locations_archive(ic_exchange *x) {
    cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    if (!location) return;
    cJSON *copy = ic_cw_edit(location);
    ic_cw_set_bool(copy, "archived", true);
    ic_cw_touch(x->company, copy);
    location_commit(x, location, copy);
}
