/* The snapshots of a location. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include <stdio.h>
#include <string.h>

/* Brings a snapshot to the current time: it is taken after the sandbox's job_seconds. false: no memory. */
static bool snapshot_settle(const ic_exchange *x, cJSON *snapshot) {
    double taken = ic_cw_number(snapshot, ".taken");
    const char *status = ic_json_string(snapshot, "status");
    if (strcmp(status, "processing") != 0 || taken > (double)ic_company_now(x->company)) return true;
    cJSON *copy = ic_cw_edit(snapshot);
    ic_cw_set_text(copy, "status", "success");
    ic_cw_set_text(copy, "captured_time", ic_time_print((ic_time)taken).text);
    return ic_cw_commit(snapshot, copy);
}

/* Brings it to the current time, too, as far as there is memory. */
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
    cJSON *snapshot = ic_cw_new(x->company, IC_CW_SNAPSHOT);
    cJSON_DeleteItemFromObjectCaseSensitive(snapshot, "created_by");
    ic_put_text(snapshot, "snapshot_location", x->values[0]);
    ic_put_text(snapshot, "status", "processing");
    ic_put_text(snapshot, "source", "triggered");
    ic_put_bool(snapshot, "is_manual", true);
    ic_put_bool(snapshot, "is_test", false);
    ic_put_bool(snapshot, "archived", false);
    ic_put_number(snapshot, ".taken", (double)ic_company_now(x->company) + x->company->job_seconds * 1000);
    snapshot = ic_cw_kept(x, IC_CW_SNAPSHOT, snapshot);
    if (snapshot) ic_cw_reply_thing(x, 200, IC_CW_SNAPSHOT, snapshot, true);
}

static cJSON *snapshot_of_path(ic_exchange *x) {
    cJSON *snapshot = ic_cw_of_path(x, IC_CW_LOCATION, 0) ? ic_cw_of_path(x, IC_CW_SNAPSHOT, 1) : NULL;
    if (snapshot && !snapshot_is_of_location(x, snapshot))
        ic_reply_error(x, 404, "not_found", NULL, "the snapshot is of another location");
    else if (snapshot && !snapshot_settle(x, snapshot))
        ic_reply_no_memory(x);
    return x->status ? NULL : snapshot;
}

void ic_cw_snapshots_get(ic_exchange *x) {
    const cJSON *snapshot = snapshot_of_path(x);
    if (snapshot) ic_cw_reply_thing(x, 200, IC_CW_SNAPSHOT, snapshot, true);
}

void ic_cw_snapshots_archive(ic_exchange *x) {
    cJSON *snapshot = snapshot_of_path(x);
    const char *reason = ic_json_string(x->body, "archived_reason");
    if (!snapshot) return;
    cJSON *copy = ic_cw_edit(snapshot);
    ic_cw_set_bool(copy, "archived", true);
    if (reason) ic_cw_set_text(copy, "archived_reason", reason);
    if (ic_cw_committed(x, snapshot, copy)) ic_cw_reply_id(x, snapshot);
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
