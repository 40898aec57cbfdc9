/* /send and /send/sync. What /send receives is stored later by the sandbox's clock: its 200 is a receipt. */
#include "sandbox/clickwrap/send.h"
#include "core/base/alloc.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/events.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/params.h"
#include <stdio.h>
#include <string.h>

/* A transparent image of one pixel. */
static const unsigned char send_image[] = {
    'G', 'I', 'F', '8', '9', 'a', 1,    0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21, 0xf9,
    4,   1,   0,   0,   0,   0,   0x2c, 0, 0, 0, 0,    1, 0, 1, 0, 0, 2,    1,    0x44, 0,    0x3b};

/* Names of a signer's own fields, in custom data and in the REST API. */
static const char *const send_own[] = {"name", "company_name", "title", "email", "mobile_number", "notify"};

static bool send_is_own(const char *name) {
    for (size_t i = 0; i < sizeof send_own / sizeof *send_own; i++)
        if (strcmp(send_own[i], name) == 0) return true;
    return false;
}

static void send_set_name(cJSON *signer, const cJSON *data) {
    const char *first = ic_json_string(data, "first_name"), *last = ic_json_string(data, "last_name");
    ic_buf name = {0};
    if (!first && !last) return;
    ic_buf_printf(&name, "%s%s%s", first ? first : "", first && last ? " " : "", last ? last : "");
    const char *text = ic_buf_text(&name);
    if (text) ic_cw_set_text(signer, "name", text);
    ic_buf_free(&name);
}

void ic_cw_signer_set(ic_company *company, cJSON *signer, const cJSON *data) {
    cJSON *more = ic_json_member(signer, "additional_attributes");
    const cJSON *member;
    send_set_name(signer, data);
    cJSON_ArrayForEach(member, data) {
        bool named = strcmp(member->string, "first_name") == 0 || strcmp(member->string, "last_name") == 0;
        if (send_is_own(member->string))
            ic_set(signer, member->string, cJSON_Duplicate(member, true));
        else if (!named && more)
            ic_set(more, member->string, cJSON_Duplicate(member, true));
    }
    ic_cw_set_text(signer, "updated_time", ic_time_print(ic_company_now(company)).text);
}

cJSON *ic_cw_signer_of(ic_company *company, const char *id, const cJSON *custom, bool test, bool *made) {
    cJSON *signer = ic_cw_by_id(company->clickwrap, IC_CW_SIGNER, id);
    ic_uuid uuid;
    if (made) *made = !signer;
    if (signer) return signer;
    signer = ic_cw_add(company, IC_CW_SIGNER);
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

static void send_store_one(ic_company *company, const cJSON *params, const char *signer,
                           const char *version_id, const char *batch) {
    const ic_clickwrap *clickwrap = company->clickwrap;
    const cJSON *version = version_id ? ic_cw_by_id(clickwrap, IC_CW_VERSION, version_id) : NULL;
    const cJSON *custom = ic_json_member(params, "cus"), *group = ic_json_member(params, ".group");
    cJSON *activity = ic_cw_add(company, IC_CW_ACTIVITY);
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
    ic_cw_note_activity(company, activity);
}

/* One activity for each version; one without a version where none is needed. */
static void send_store(ic_company *company, const cJSON *params) {
    const char *signer = ic_json_string(params, "sig"), *event = ic_json_string(params, "et");
    const cJSON *custom = ic_json_member(params, "cus"), *version;
    char batch[32];
    snprintf(batch, sizeof batch, "%lld", (long long)ic_company_now(company));
    if (signer) {
        bool made, test = cJSON_IsTrue(ic_json_member(params, ".test"));
        cJSON *who = ic_cw_signer_of(company, signer, custom, test, &made);
        if (!made && strcmp(event, "updated") == 0) ic_cw_signer_set(company, who, custom);
        ic_cw_set_text(who, "latest_activity_time", ic_time_print(ic_company_now(company)).text);
        ic_cw_set_text(who, "last_action", event);
    }
    const cJSON *versions = ic_json_member(params, ".versions");
    if (!versions->child) send_store_one(company, params, signer, NULL, batch);
    cJSON_ArrayForEach(version, versions)
        send_store_one(company, params, signer, version->valuestring, batch);
}

void ic_clickwrap_settle(ic_company *company) {
    ic_clickwrap *clickwrap = company->clickwrap;
    cJSON *first;
    if (!clickwrap) return;
    while ((first = clickwrap->waiting->child) &&
           ic_cw_number(first, ".due") <= (double)ic_company_now(company)) {
        cJSON_DetachItemViaPointer(clickwrap->waiting, first);
        send_store(company, first);
        cJSON_Delete(first);
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
    return send_check_versions(x, event);
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

/* Whether what was accepted is to be lost. */
static bool send_loses(ic_clickwrap *clickwrap) {
    if (!clickwrap->lose) return false;
    clickwrap->lose--;
    return true;
}

void ic_cw_send(ic_exchange *x) {
    ic_clickwrap *clickwrap = x->company->clickwrap;
    if (!send_check(x)) return;
    send_reply(x);
    if (x->status != 200 || send_loses(clickwrap)) return;
    cJSON *received = x->body;
    x->body = NULL;
    ic_cw_set_number(received, ".due", (double)ic_company_now(x->company) + clickwrap->store_seconds * 1000);
    cJSON_AddItemToArray(clickwrap->waiting, received);
    ic_clickwrap_settle(x->company);
}

void ic_cw_send_sync(ic_exchange *x) {
    ic_clickwrap *clickwrap = x->company->clickwrap;
    if (!clickwrap->has_sync) {
        ic_reply_error(x, 404, "not_found", NULL, "Not Found");
        return;
    }
    if (!send_check(x)) return;
    send_reply(x);
    if (x->status == 200 && !send_loses(clickwrap)) send_store(x->company, x->body);
}
