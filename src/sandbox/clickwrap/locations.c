/* Snapshot locations and their snapshots. */
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

/* What a location has beside the fields that it was made with. */
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
    cJSON *location = ic_cw_add(x->company, IC_CW_LOCATION);
    ic_cw_change(x, location);
    location_complete(location);
    ic_cw_reply_thing(x, 201, IC_CW_LOCATION, location, false);
}

static void location_reply(ic_exchange *x, const cJSON *location) {
    ic_cw_reply_thing(x, 200, IC_CW_LOCATION, location, true);
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
    ic_cw_change(x, location);
    location_reply(x, location);
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
    ic_cw_set_bool(location, "published", true);
    ic_cw_set_text(location, "status", "published");
    ic_cw_set_text(location, "published_time", ic_time_print(ic_company_now(x->company)).text);
    ic_cw_touch(x->company, location);
    location_reply(x, location);
}

void ic_cw_locations_clone(ic_exchange *x) {
    const cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    const cJSON *member;
    if (!location) return;
    cJSON *clone = ic_cw_add(x->company, IC_CW_LOCATION);
    cJSON_ArrayForEach(member, location) {
        if (!ic_json_member(clone, member->string))
            ic_set(clone, member->string, cJSON_Duplicate(member, true));
    }
    char key[256];
    snprintf(key, sizeof key, "%.200s-copy", ic_json_string(location, "key"));
    ic_cw_set_text(clone, "key", key);
    location_complete(clone);
    location_reply(x, clone);
}

void ic_cw_locations_archive(ic_exchange *x) {
    cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    if (!location) return;
    ic_cw_set_bool(location, "archived", true);
    ic_cw_touch(x->company, location);
    location_reply(x, location);
}

/* --- snapshots --- */

/* A snapshot is taken after the sandbox's job_seconds. */
static void snapshot_settle(const ic_exchange *x, cJSON *snapshot) {
    double taken = ic_cw_number(snapshot, ".taken");
    const char *status = ic_json_string(snapshot, "status");
    if (strcmp(status, "processing") != 0 || taken > (double)ic_company_now(x->company)) return;
    ic_cw_set_text(snapshot, "status", "success");
    ic_cw_set_text(snapshot, "captured_time", ic_time_print((ic_time)taken).text);
}

static bool snapshot_is_of_location(const ic_exchange *x, const cJSON *snapshot) {
    const char *location = ic_json_string(snapshot, "snapshot_location");
    if (strcmp(location, x->values[0]) != 0) return false;
    snapshot_settle(x, (cJSON *)snapshot);
    return true;
}

void ic_cw_snapshots_list(ic_exchange *x) {
    if (ic_cw_of_path(x, IC_CW_LOCATION, 0)) ic_cw_reply_list(x, IC_CW_SNAPSHOT, snapshot_is_of_location);
}

void ic_cw_snapshots_capture(ic_exchange *x) {
    const cJSON *location = ic_cw_of_path(x, IC_CW_LOCATION, 0);
    if (!location) return;
    cJSON *snapshot = ic_cw_add(x->company, IC_CW_SNAPSHOT);
    cJSON_DeleteItemFromObjectCaseSensitive(snapshot, "created_by");
    ic_put_text(snapshot, "snapshot_location", x->values[0]);
    ic_put_text(snapshot, "status", "processing");
    ic_put_text(snapshot, "source", "triggered");
    ic_put_bool(snapshot, "is_manual", true);
    ic_put_bool(snapshot, "is_test", false);
    ic_put_bool(snapshot, "archived", false);
    ic_put_number(snapshot, ".taken", (double)ic_company_now(x->company) + x->company->job_seconds * 1000);
    ic_cw_reply_thing(x, 200, IC_CW_SNAPSHOT, snapshot, true);
}

static cJSON *snapshot_of_path(ic_exchange *x) {
    cJSON *snapshot = ic_cw_of_path(x, IC_CW_LOCATION, 0) ? ic_cw_of_path(x, IC_CW_SNAPSHOT, 1) : NULL;
    if (!snapshot || snapshot_is_of_location(x, snapshot)) return snapshot;
    ic_reply_error(x, 404, "not_found", NULL, "the snapshot is of another location");
    return NULL;
}

void ic_cw_snapshots_get(ic_exchange *x) {
    const cJSON *snapshot = snapshot_of_path(x);
    if (snapshot) ic_cw_reply_thing(x, 200, IC_CW_SNAPSHOT, snapshot, true);
}

void ic_cw_snapshots_archive(ic_exchange *x) {
    cJSON *snapshot = snapshot_of_path(x);
    const char *reason = ic_json_string(x->body, "archived_reason");
    if (!snapshot) return;
    ic_cw_set_bool(snapshot, "archived", true);
    if (reason) ic_cw_set_text(snapshot, "archived_reason", reason);
    ic_cw_reply_id(x, snapshot);
}

static void snapshot_reply_pdf(ic_exchange *x, const cJSON *snapshot) {
    char text[128];
    snprintf(text, sizeof text, "Snapshot %s at %s", ic_json_string(snapshot, "id"),
             ic_json_string(snapshot, "captured_time"));
    ic_cw_reply_pdf(x, text);
}

void ic_cw_snapshots_record(ic_exchange *x) {
    const cJSON *snapshot = snapshot_of_path(x);
    if (!snapshot) return;
    if (ic_json_string(snapshot, "captured_time"))
        snapshot_reply_pdf(x, snapshot);
    else
        ic_cw_refuse(x, "the snapshot is not taken yet");
}

/* The newest snapshot that was taken before a time. */
void ic_cw_snapshots_record_at(ic_exchange *x) {
    ic_time time;
    const cJSON *snapshot, *found = NULL;
    if (!ic_cw_of_path(x, IC_CW_LOCATION, 0)) return;
    if (!ic_time_parse(x->values[1], &time)) {
        ic_cw_refuse(x, "the time is not ISO 8601");
        return;
    }
    cJSON_ArrayForEach(snapshot, x->company->clickwrap->lists[IC_CW_SNAPSHOT]) {
        const char *taken =
            snapshot_is_of_location(x, snapshot) ? ic_json_string(snapshot, "captured_time") : NULL;
        if (taken && strcmp(taken, ic_time_print(time).text) <= 0) found = snapshot;
    }
    if (found)
        snapshot_reply_pdf(x, found);
    else
        ic_reply_error(x, 404, "not_found", NULL, "there is no snapshot of that time");
}
