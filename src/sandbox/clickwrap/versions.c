/* Publishing versions of contracts, and their REST API. */
#include "sandbox/clickwrap/versions.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/events.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/render.h"
#include "sandbox/clickwrap/rest.h"
#include "sandbox/clickwrap/version.h"
#include <string.h>

static void version_deprecate(ic_company *company, cJSON *version) {
    ic_cw_set_text(version, "status", "deprecated");
    ic_cw_set_bool(version, "published", false);
    ic_cw_set_text(version, "deprecated_time", ic_time_print(ic_company_now(company)).text);
}

/* What publishing changes in a contract and in its version. */
static void version_mark_published(ic_company *company, cJSON *thing) {
    ic_cw_set_bool(thing, "published", true);
    ic_cw_set_text(thing, "published_time", ic_time_print(ic_company_now(company)).text);
    ic_cw_set_number(thing, "published_by", 1);
    ic_cw_touch(company, thing);
}

bool ic_cw_publish(ic_company *company, cJSON *contract, cJSON *version) {
    cJSON *before = ic_cw_published(company->clickwrap, contract);
    cJSON *const things[] = {contract, version, before == version ? NULL : before};
    cJSON *copies[] = {ic_cw_edit(things[0]), ic_cw_edit(things[1]),
                       things[2] ? ic_cw_edit(things[2]) : NULL};
    for (size_t i = 0; i < 2; i++)
        version_mark_published(company, copies[i]);
    ic_cw_set_text(copies[1], "status", "published");
    ic_cw_set_text(copies[0], "published_version", ic_json_string(version, "id"));
    if (things[2]) version_deprecate(company, copies[2]);
    bool whole = ic_whole(copies[0]) && ic_whole(copies[1]) && (!things[2] || ic_whole(copies[2]));
    for (size_t i = 0; i < 3; i++) {
        if (whole && things[i])
            ic_cw_commit(things[i], copies[i]);
        else
            cJSON_Delete(copies[i]);
    }
    if (whole) ic_cw_note_version(company, contract, version);
    return whole;
}

/* --- the REST API --- */

static bool version_is_draft(const cJSON *version) {
    const char *status = ic_json_string(version, "status");
    return status && strcmp(status, "draft") == 0;
}

/* Gives each form field an id. */
static void version_number_fields(ic_exchange *x, cJSON *version) {
    cJSON *field;
    cJSON_ArrayForEach(field, ic_json_member(version, "fields")) {
        ic_object_id id;
        if (!cJSON_IsObject(field) || ic_json_member(field, "id")) continue;
        ic_new_object_id(x->company, id);
        ic_put_text(field, "id", id);
    }
}

bool ic_cw_version_check(ic_exchange *x) {
    static const ic_field form_field[] = {
        {"name", IC_TYPE_STRING, IC_REQUIRED, NULL, NULL},
        {"label", IC_TYPE_STRING, 0, NULL, NULL},
        {"type", IC_TYPE_STRING, IC_REQUIRED, NULL,
         "text checkbox date signature dropdown attachment acceptance_date initials"},
        {"required", IC_TYPE_BOOLEAN, 0, NULL, NULL},
        {"default_value", IC_TYPE_STRING, 0, NULL, NULL},
        {"assignment_value", IC_TYPE_STRING, IC_REQUIRED, NULL, "signer sender"},
        {"read_only", IC_TYPE_BOOLEAN, 0, NULL, NULL},
        {"persona", IC_TYPE_STRING, 0, NULL, NULL},
        {"is_trigger", IC_TYPE_BOOLEAN, 0, NULL, NULL},
        {"trigger_field", IC_TYPE_STRING, 0, NULL, NULL},
        {"trigger_match_value", IC_TYPE_STRING, 0, NULL, NULL},
        {NULL, IC_TYPE_ANY, 0, NULL, NULL}};
    const cJSON *item;
    cJSON_ArrayForEach(item, ic_json_member(x->body, "fields")) {
        ic_field_fault fault;
        if (!cJSON_IsObject(item)) {
            ic_cw_refuse(x, "fields has an item that is not an object");
            return false;
        }
        if (ic_fields_fault(form_field, item, &fault)) {
            ic_cw_refuse(x, fault.message);
            return false;
        }
    }
    return true;
}

void ic_cw_version_fill(ic_exchange *x, cJSON *version) {
    static const char *const members[] = {"title",
                                          "body",
                                          "change_summary",
                                          "effective_time",
                                          "effective_until_time",
                                          "scheduled_time",
                                          "notify_signers",
                                          "fields",
                                          "render_data",
                                          "body_language",
                                          "editor_version",
                                          NULL};
    ic_cw_copy(x, version, members);
    version_number_fields(x, version);
}

void ic_cw_versions_create(ic_exchange *x) {
    cJSON *contract = ic_cw_of_path(x, IC_CW_CONTRACT, 0);
    if (!contract || !ic_cw_version_check(x)) return;
    if (version_is_draft(ic_cw_latest(x->company->clickwrap, contract))) {
        ic_cw_refuse(x, "the latest version must be published first");
        return;
    }
    cJSON *version = ic_cw_draft(x->company, contract, ic_cw_true(x->body, "is_major_version"));
    ic_cw_version_fill(x, version);
    version = ic_cw_draft_keep(x->company, contract, version);
    if (version)
        ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
    else
        ic_reply_no_memory(x);
}

/* The version of a contract that `find` gives; NULL: answered with 404. */
static cJSON *version_of_path(ic_exchange *x,
                              cJSON *(*find)(const ic_clickwrap *clickwrap, const cJSON *contract)) {
    const cJSON *contract = ic_cw_of_path(x, IC_CW_CONTRACT, 0);
    cJSON *version = contract ? find(x->company->clickwrap, contract) : NULL;
    if (contract && !version) ic_reply_error(x, 404, "not_found", NULL, "no version is published");
    return version;
}

void ic_cw_versions_latest(ic_exchange *x) {
    const cJSON *version = version_of_path(x, ic_cw_latest);
    if (version) ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
}

/* The service wraps this one, although its document does not. */
void ic_cw_versions_published(ic_exchange *x) {
    const cJSON *version = version_of_path(x, ic_cw_published);
    if (version) ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, true);
}

void ic_cw_versions_render(ic_exchange *x) {
    const cJSON *version = version_of_path(x, ic_cw_published);
    ic_buf body = {0};
    if (!version) return;
    cJSON *view = ic_cw_view(version);
    ic_cw_render(&body, ic_json_string(version, "body"), ic_json_member(x->body, "render_data"));
    const char *text = ic_buf_text(&body);
    ic_cw_set(view, "body", text ? cJSON_CreateString(text) : NULL);
    ic_buf_free(&body);
    ic_reply_json(x, 200, view);
}

static void version_publish(ic_exchange *x, cJSON *version) {
    cJSON *contract = ic_cw_of_path(x, IC_CW_CONTRACT, 0);
    if (!contract || !version) return;
    if (!version_is_draft(version)) {
        ic_cw_refuse(x, "the version is published already");
        return;
    }
    if (ic_cw_publish(x->company, contract, version))
        ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
    else
        ic_reply_no_memory(x);
}

void ic_cw_versions_publish_latest(ic_exchange *x) {
    cJSON *version = version_of_path(x, ic_cw_latest);
    if (version) version_publish(x, version);
}

void ic_cw_versions_publish(ic_exchange *x) {
    cJSON *version = ic_cw_of_path(x, IC_CW_CONTRACT, 0) ? ic_cw_of_path(x, IC_CW_VERSION, 1) : NULL;
    char contract[32];
    if (!version) return;
    if (strcmp(ic_cw_text(version, "contract", contract, sizeof contract), x->values[0]) == 0)
        version_publish(x, version);
    else
        ic_reply_error(x, 404, "not_found", NULL, "the version is of another contract");
}

void ic_cw_versions_get(ic_exchange *x) {
    const cJSON *version = ic_cw_of_path(x, IC_CW_VERSION, 0);
    if (version) ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
}

/* Only the times of a published version can be changed. */
static bool version_allows(const cJSON *version, const cJSON *body) {
    const cJSON *given;
    cJSON_ArrayForEach(given, body) {
        bool time = strcmp(given->string, "effective_time") == 0 ||
                    strcmp(given->string, "effective_until_time") == 0;
        if (!time && !version_is_draft(version)) return false;
    }
    return true;
}

static void version_update(ic_exchange *x, cJSON *version) {
    if (!version_allows(version, x->body)) {
        ic_cw_refuse(x, "a published version takes effective_time and effective_until_time only");
        return;
    }
    if (!ic_cw_version_check(x)) return;
    const cJSON *major = ic_json_member(x->body, "is_major_version");
    cJSON *copy = ic_cw_edit(version);
    ic_cw_version_fill(x, copy);
    if (cJSON_IsBool(major)) ic_cw_draft_number(x->company->clickwrap, copy, cJSON_IsTrue(major));
    ic_cw_touch(x->company, copy);
    if (ic_cw_committed(x, version, copy)) ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
}

void ic_cw_versions_update(ic_exchange *x) {
    cJSON *version = ic_cw_of_path(x, IC_CW_VERSION, 0);
    if (version) version_update(x, version);
}

/* The document's version numbers are whole: a number is that of a major version, and means its newest minor
 * one. */
void ic_cw_versions_update_number(ic_exchange *x) {
    const cJSON *contract = ic_cw_of_path(x, IC_CW_CONTRACT, 0);
    cJSON *version, *found = NULL;
    char number[32];
    if (!contract) return;
    cJSON_ArrayForEach(version, x->company->clickwrap->lists[IC_CW_VERSION]) {
        if (ic_cw_number(version, "contract") == ic_cw_number(contract, "id") &&
            strcmp(ic_cw_text(version, "version_number", number, sizeof number), x->values[1]) == 0)
            found = version;
    }
    if (found)
        version_update(x, found);
    else
        ic_reply_error(x, 404, "not_found", NULL, "there is no version '%s'", x->values[1]);
}

void ic_cw_versions_upload(ic_exchange *x) {
    cJSON *version = ic_cw_of_path(x, IC_CW_VERSION, 0);
    const char *text = version ? ic_form_text(x, "file") : NULL;
    if (!version) return;
    if (!text) {
        ic_cw_refuse(x, "the part file is missing, or is not text");
    } else if (!version_is_draft(version)) {
        ic_cw_refuse(x, "the version is published already");
    } else {
        cJSON *copy = ic_cw_edit(version);
        ic_cw_set_text(copy, "body", text);
        ic_cw_touch(x->company, copy);
        if (ic_cw_committed(x, version, copy)) ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
    }
}

void ic_cw_versions_delete_field(ic_exchange *x) {
    cJSON *version = ic_cw_of_path(x, IC_CW_VERSION, 0), *fields = ic_json_member(version, "fields"), *field;
    if (!version) return;
    cJSON_ArrayForEach(field, fields) {
        const char *id = ic_json_string(field, "id");
        if (!id || strcmp(id, x->values[1]) != 0) continue;
        ic_reply_json(x, 200, cJSON_DetachItemViaPointer(fields, field));
        return;
    }
    ic_reply_error(x, 404, "not_found", NULL, "there is no field '%s'", x->values[1]);
}
