/* /send and /send/sync. What /send receives is stored later by the sandbox's clock: its 200 is a receipt. */
#include "sandbox/clickwrap/send.h"
#include "core/base/alloc.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/events.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/params.h"
#include "sandbox/clickwrap/sync.h"
#include <stdio.h>
#include <string.h>

/* A transparent image of one pixel. */
static const unsigned char send_image[] = {
    'G', 'I', 'F', '8', '9', 'a', 1,    0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21, 0xf9,
    4,   1,   0,   0,   0,   0,   0x2c, 0, 0, 0, 0,    1, 0, 1, 0, 0, 2,    1,    0x44, 0,    0x3b};

/* Names of a signer's own texts, in custom data and in the REST API. */
static const char *const send_own[] = {"name", "company_name", "title", "email", "mobile_number"};

/* Whether the member is one of these, with a value of its type. */
static bool send_is_own(const cJSON *member) {
    for (size_t i = 0; i < sizeof send_own / sizeof *send_own; i++)
        if (strcmp(send_own[i], member->string) == 0) return cJSON_IsString(member);
    return strcmp(member->string, "notify") == 0 && cJSON_IsBool(member);
}

static void send_set_name(cJSON *signer, const cJSON *data) {
    const char *first = ic_json_string(data, "first_name"), *last = ic_json_string(data, "last_name");
    ic_buf name = {0};
    if (!first && !last) return;
    ic_buf_printf(&name, "%s%s%s", first ? first : "", first && last ? " " : "", last ? last : "");
    const char *text = ic_buf_text(&name);
    ic_cw_set(signer, "name", text ? cJSON_CreateString(text) : NULL);
    ic_buf_free(&name);
}

void ic_cw_signer_set(ic_company *company, cJSON *signer, const cJSON *data) {
    cJSON *more = ic_json_member(signer, "additional_attributes");
    const cJSON *member;
    if (!cJSON_IsObject(data)) return;
    send_set_name(signer, data);
    cJSON_ArrayForEach(member, data) {
        bool named = strcmp(member->string, "first_name") == 0 || strcmp(member->string, "last_name") == 0;
        if (send_is_own(member))
            ic_cw_set(signer, member->string, cJSON_Duplicate(member, true));
        else if (!named && more)
            ic_cw_set(more, member->string, cJSON_Duplicate(member, true));
    }
    ic_cw_set_text(signer, "updated_time", ic_time_print(ic_company_now(company)).text);
}

cJSON *ic_cw_signer_edit(ic_company *company, const char *id, const cJSON *custom, bool test) {
    const cJSON *known = ic_cw_by_id(company->clickwrap, IC_CW_SIGNER, id);
    ic_uuid uuid;
    if (known) return ic_cw_edit(known);
    cJSON *signer = ic_cw_new(company, IC_CW_SIGNER);
    ic_new_uuid(company, uuid);
    ic_put_text(signer, "signer_id", id);
    ic_put_text(signer, "uuid", uuid);
    ic_put_text(signer, "source", "api");
    ic_put_bool(signer, "test_mode", test);
    ic_put_bool(signer, "notify", true);
    ic_put(signer, "additional_attributes", cJSON_CreateObject());
    ic_put(signer, "latest_activity_time", cJSON_CreateNull());
    ic_cw_signer_set(company, signer, custom);
    return signer;
}

cJSON *ic_cw_signer_keep(ic_company *company, cJSON *copy) {
    const char *id = ic_json_string(copy, "signer_id");
    cJSON *known = id ? ic_cw_by_id(company->clickwrap, IC_CW_SIGNER, id) : NULL;
    if (!known) return ic_cw_keep(company->clickwrap, IC_CW_SIGNER, copy);
    return ic_cw_commit(known, copy) ? known : NULL;
}

/* --- storing --- */

/* Parameters that describe the connection -> their names in an activity. */
static const struct described {
    const char *param, *field;
} send_described[] = {
    {"pat", "page_title"},         {"pau", "page_url"},          {"pad", "page_domain"},
    {"pap", "page_path"},          {"paq", "page_query"},        {"hn", "hostname"},
    {"ref", "referrer"},           {"btz", "browser_timezone"},  {"bl", "browser_locale"},
    {"bua", "user_agent"},         {"os", "operating_system"},   {"env", "environment"},
    {"scd", "screen_color_depth"}, {"res", "screen_resolution"}, {"addr", "remote_address"},
};

static cJSON *send_connection_data(const cJSON *params) {
    cJSON *data = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof send_described / sizeof *send_described; i++) {
        const char *text = ic_json_string(params, send_described[i].param);
        if (text) ic_put_text(data, send_described[i].field, text);
    }
    return data;
}

/* An activity that is not in the list yet. */
static cJSON *send_activity(ic_company *company, const cJSON *params, const char *version_id,
                            const char *batch) {
    const ic_clickwrap *clickwrap = company->clickwrap;
    const char *signer = ic_json_string(params, "sig");
    const cJSON *version = version_id ? ic_cw_by_id(clickwrap, IC_CW_VERSION, version_id) : NULL;
    const cJSON *custom = ic_json_member(params, "cus"), *group = ic_json_member(params, ".group");
    cJSON *activity = ic_cw_new(company, IC_CW_ACTIVITY);
    ic_uuid uuid;
    ic_new_uuid(company, uuid);
    ic_put_text(activity, "uuid", uuid);
    ic_put_text(activity, "signer_id", signer ? signer : "");
    ic_put_text(activity, "event_type", ic_json_string(params, "et"));
    if (version) {
        ic_put_number(activity, "contract", ic_cw_number(version, "contract"));
        ic_put_text(activity, "version", version_id);
        ic_put_number(activity, ".major", ic_cw_number(version, "version_number"));
    }
    if (cJSON_IsNumber(group)) ic_put_number(activity, "group", group->valuedouble);
    ic_put_text(activity, "batch", batch);
    ic_put(activity, "custom_data", custom ? cJSON_Duplicate(custom, true) : cJSON_CreateObject());
    ic_put(activity, "connection_data", send_connection_data(params));
    ic_put_bool(activity, ".test", cJSON_IsTrue(ic_json_member(params, ".test")));
    return activity;
}

static cJSON *send_activities(ic_company *company, const cJSON *params) {
    const cJSON *versions = ic_json_member(params, ".versions"), *version;
    cJSON *activities = cJSON_CreateArray();
    char batch[32];
    snprintf(batch, sizeof batch, "%lld", (long long)ic_company_now(company));
    if (!versions || !versions->child) ic_append(activities, send_activity(company, params, NULL, batch));
    cJSON_ArrayForEach(version, versions)
        ic_append(activities, send_activity(company, params, version->valuestring, batch));
    return activities;
}

/* A copy of the signer with the changes of the action (ic_cw_signer_edit). */
static cJSON *send_signer(ic_company *company, const cJSON *params, const char *id) {
    const char *event = ic_json_string(params, "et");
    const cJSON *custom = ic_json_member(params, "cus");
    bool known = ic_cw_by_id(company->clickwrap, IC_CW_SIGNER, id) != NULL;
    cJSON *signer = ic_cw_signer_edit(company, id, custom, cJSON_IsTrue(ic_json_member(params, ".test")));
    if (known && strcmp(event, "updated") == 0) ic_cw_signer_set(company, signer, custom);
    ic_cw_set_text(signer, "latest_activity_time", ic_time_print(ic_company_now(company)).text);
    ic_cw_set_text(signer, "last_action", event);
    return signer;
}

bool ic_cw_send_store(ic_company *company, const cJSON *params) {
    const char *signer = ic_json_string(params, "sig");
    cJSON *activities = send_activities(company, params), *list = company->clickwrap->lists[IC_CW_ACTIVITY],
          *who = signer ? send_signer(company, params, signer) : NULL;
    if (!ic_whole(activities) || (signer && !ic_whole(who)) || !ic_cw_sync(company, activities)) {
        cJSON_Delete(activities);
        cJSON_Delete(who);
        return false;
    }
    if (who) ic_cw_signer_keep(company, who);
    for (cJSON *activity; (activity = activities->child);) {
        cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(activities, activity));
        ic_cw_note_activity(company, activity);
    }
    cJSON_Delete(activities);
    return true;
}

void ic_cw_send_settle(ic_company *company) {
    ic_clickwrap *clickwrap = company->clickwrap;
    for (cJSON *first; (first = clickwrap->waiting->child);) {
        if (ic_cw_number(first, ".due") > (double)ic_company_now(company) ||
            !ic_cw_send_store(company, first))
            return;
        cJSON_Delete(cJSON_DetachItemViaPointer(clickwrap->waiting, first));
    }
}

/* --- receiving --- */

static bool send_refuse(ic_exchange *x, unsigned status, const char *message, const char *what) {
    ic_reply_error(x, status, status == 400 ? "bad_request" : "unprocessable", NULL, message, what);
    return false;
}

/* Adds the version with that id to `.versions`. */
static bool send_check_version(ic_exchange *x, cJSON *versions, const char *id, const char *contract) {
    const cJSON *version = ic_cw_by_id(x->company->clickwrap, IC_CW_VERSION, id);
    char own[32];
    if (!version) return send_refuse(x, 422, "there is no version '%s'", id);
    if (strcmp(ic_json_string(version, "status"), "draft") == 0)
        return send_refuse(x, 422, "the version '%s' is not published", id);
    if (contract && strcmp(ic_cw_text(version, "contract", own, sizeof own), contract) != 0)
        return send_refuse(x, 422, "the version '%s' is not of the contract at its place in cid", id);
    ic_append(versions, cJSON_CreateString(id));
    return true;
}

/* Copies the next item of a comma list, and returns what follows; NULL at its end. */
static const char *send_next(const char *list, char *item, size_t size) {
    if (!list || !*list) return NULL;
    size_t length = strcspn(list, ",");
    snprintf(item, size, "%.*s", (int)length, list);
    return list + length + (list[length] == ',');
}

static bool send_check_versions(ic_exchange *x, const char *event) {
    char vids[64], cids[64], version[64], contract[64];
    cJSON *versions = ic_put(x->body, ".versions", cJSON_CreateArray());
    if (!versions) {
        ic_reply_no_memory(x);
        return false;
    }
    const char *vid = ic_cw_param(x, "vid", vids, sizeof vids),
               *cid = ic_cw_param(x, "cid", cids, sizeof cids);
    if (!vid) return strcmp(event, "updated") == 0 || send_refuse(x, 400, "vid is missing%s", "");
    while ((vid = send_next(vid, version, sizeof version))) {
        const char *rest = send_next(cid, contract, sizeof contract);
        if (cid && !rest) return send_refuse(x, 422, "cid and vid differ in length%s", "");
        if (!send_check_version(x, versions, version, cid ? contract : NULL)) return false;
        cid = rest;
    }
    return !(cid && *cid) || send_refuse(x, 422, "cid and vid differ in length%s", "");
}

static bool send_check(ic_exchange *x) {
    char text[64];
    if (!ic_cw_params_read(x) || !ic_cw_param_site(x)) return false;
    const char *event = ic_json_string(x->body, "et"), *signer = ic_cw_param(x, "sig", text, sizeof text);
    if (!event || !*event) return send_refuse(x, 400, "et is missing%s", "");
    bool anonymous = strcmp(event, "displayed") == 0 || strcmp(event, "visited") == 0;
    if (!signer && !anonymous) return send_refuse(x, 400, "sig is missing%s", "");
    if (signer && !ic_json_string(x->body, "sig")) ic_cw_set_text(x->body, "sig", signer);
    const cJSON *group = ic_cw_param_group(x);
    if (x->status) return false;
    if (group) ic_cw_set_number(x->body, ".group", ic_cw_number(group, "id"));
    ic_cw_set_bool(x->body, ".test", ic_cw_param_true(x, "tm"));
    if (ic_whole(x->body)) return send_check_versions(x, event);
    ic_reply_no_memory(x);
    return false;
}

static void send_reply(ic_exchange *x) {
    if (ic_cw_param_true(x, "server_side")) {
        ic_reply_json(x, 200, cJSON_CreateObject());
        return;
    }
    char *copy = ic_malloc(sizeof send_image + 1);
    if (copy) memcpy(copy, send_image, sizeof send_image), copy[sizeof send_image] = '\0';
    ic_blob *image = copy ? ic_blob_new(copy, sizeof send_image) : NULL;
    if (image)
        ic_reply_file(x, image, "image/gif");
    else
        ic_reply_no_memory(x);
    ic_blob_release(image);
}

/* Whether this request is accepted but not stored. Counts down. */
static bool send_loses(ic_clickwrap *clickwrap) {
    if (!clickwrap->lose) return false;
    clickwrap->lose--;
    return true;
}

void ic_cw_send(ic_exchange *x) {
    ic_clickwrap *clickwrap = x->company->clickwrap;
    if (!send_check(x)) return;
    ic_cw_set_number(x->body, ".due", (double)ic_company_now(x->company) + clickwrap->store_seconds * 1000);
    if (!ic_whole(x->body)) {
        ic_reply_no_memory(x);
        return;
    }
    send_reply(x);
    if (x->status != 200 || send_loses(clickwrap)) return;
    cJSON_AddItemToArray(clickwrap->waiting, x->body);
    x->body = NULL;
    ic_cw_send_settle(x->company);
}

void ic_cw_send_sync(ic_exchange *x) {
    ic_clickwrap *clickwrap = x->company->clickwrap;
    if (!clickwrap->has_sync) {
        ic_reply_error(x, 404, "not_found", NULL, "Not Found");
        return;
    }
    if (!send_check(x)) return;
    if (ic_whole(x->body) && (send_loses(clickwrap) || ic_cw_send_store(x->company, x->body)))
        send_reply(x);
    else
        ic_reply_no_memory(x);
}
