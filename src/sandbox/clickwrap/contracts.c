/* Contracts and versions over the REST API. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include "sandbox/clickwrap/start.h"
#include <string.h>

/* --- contracts --- */

static bool contract_is_listed(const ic_exchange *x, const cJSON *contract) {
    return !ic_cw_true(contract, "archived") || ic_exchange_query_true(x, "includeArchived");
}

void ic_cw_contracts_list(ic_exchange *x) {
    ic_cw_reply_list(x, IC_CW_CONTRACT, contract_is_listed);
}

void ic_cw_contracts_of_site(ic_exchange *x) {
    if (ic_cw_of_path(x, IC_CW_SITE, 0)) ic_cw_reply_list(x, IC_CW_CONTRACT, contract_is_listed);
}

void ic_cw_contracts_get(ic_exchange *x) {
    const cJSON *contract = ic_cw_of_path(x, IC_CW_CONTRACT, 0);
    if (contract) ic_cw_reply_thing(x, 200, IC_CW_CONTRACT, contract, false);
}

/* Copies to the thing those members of the body that are in the list. */
static void contract_copy(const ic_exchange *x, cJSON *thing, const char *const *names) {
    for (; *names; names++) {
        const cJSON *given = ic_json_member(x->body, *names);
        if (given) ic_set(thing, *names, cJSON_Duplicate(given, true));
    }
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

static const char *const version_members[] = {
    "title",          "body",   "change_summary", "effective_time", "effective_until_time", "scheduled_time",
    "notify_signers", "fields", "render_data",    "body_language",  "editor_version",       NULL};

void ic_cw_contracts_create(ic_exchange *x) {
    static const char *const members[] = {
        "title",   "key", "description", "public", "shared", "clm_record_sync", "language_direction",
        "used_in", NULL};
    const char *key = ic_json_string(x->body, "key"), *title = ic_json_string(x->body, "title");
    if (!ic_cw_of_path(x, IC_CW_SITE, 0)) return;
    if (key && ic_cw_find(x->company->clickwrap, IC_CW_CONTRACT, "key", key)) {
        ic_cw_refuse(x, "the key is taken");
        return;
    }
    cJSON *contract = ic_cw_new_contract(x->company, key ? key : "", title, "");
    if (!key) {
        char made[32] = "template-";
        ic_random_hex(x->company, made + strlen(made), 9);
        ic_cw_set_text(contract, "key", made);
    }
    contract_copy(x, contract, members);
    cJSON *version = ic_cw_latest(x->company->clickwrap, contract);
    contract_copy(x, version, version_members);
    version_number_fields(x, version);
    ic_cw_reply_thing(x, 201, IC_CW_CONTRACT, contract, false);
}

static bool contract_is_used(const ic_clickwrap *clickwrap, const cJSON *version) {
    const char *id = ic_json_string(version, "id");
    return ic_cw_find(clickwrap, IC_CW_ACTIVITY, "version", id) != NULL;
}

/* The latest deprecated version of a contract; NULL: none. */
static cJSON *contract_deprecated(const ic_clickwrap *clickwrap, const cJSON *contract) {
    cJSON *version, *found = NULL;
    cJSON_ArrayForEach(version, clickwrap->lists[IC_CW_VERSION]) {
        const char *status = ic_json_string(version, "status");
        if (ic_cw_number(version, "contract") == ic_cw_number(contract, "id") && status &&
            strcmp(status, "deprecated") == 0)
            found = version;
    }
    return found;
}

void ic_cw_contracts_restore(ic_exchange *x) {
    const ic_clickwrap *clickwrap = x->company->clickwrap;
    cJSON *contract = ic_cw_of_path(x, IC_CW_CONTRACT, 0);
    if (!contract) return;
    cJSON *before = contract_deprecated(clickwrap, contract);
    const cJSON *published = ic_cw_published(clickwrap, contract);
    if (!before) {
        ic_cw_refuse(x, "no version is deprecated");
    } else if (published && contract_is_used(clickwrap, published)) {
        ic_cw_refuse(x, "actions are tied to the current version");
    } else {
        ic_cw_publish(x->company, contract, before);
        ic_cw_reply_thing(x, 200, IC_CW_CONTRACT, contract, false);
    }
}

/* --- versions --- */

static bool version_is_draft(const cJSON *version) {
    const char *status = ic_json_string(version, "status");
    return status && strcmp(status, "draft") == 0;
}

void ic_cw_versions_create(ic_exchange *x) {
    cJSON *contract = ic_cw_of_path(x, IC_CW_CONTRACT, 0);
    if (!contract) return;
    if (version_is_draft(ic_cw_latest(x->company->clickwrap, contract))) {
        ic_cw_refuse(x, "the latest version must be published first");
        return;
    }
    cJSON *version = ic_cw_draft(x->company, contract, ic_cw_true(x->body, "is_major_version"));
    contract_copy(x, version, version_members);
    version_number_fields(x, version);
    ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
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
    ic_set(view, "body", text ? cJSON_CreateString(text) : NULL);
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
    ic_cw_publish(x->company, contract, version);
    ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
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

/* Of a published version only the times can be changed. */
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
    contract_copy(x, version, version_members);
    version_number_fields(x, version);
    ic_cw_touch(x->company, version);
    ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
}

void ic_cw_versions_update(ic_exchange *x) {
    cJSON *version = ic_cw_of_path(x, IC_CW_VERSION, 0);
    if (version) version_update(x, version);
}

/* The document's numbers are whole: that of the major version, whose newest minor one is meant. */
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
        ic_cw_set_text(version, "body", text);
        ic_cw_touch(x->company, version);
        ic_cw_reply_thing(x, 200, IC_CW_VERSION, version, false);
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
