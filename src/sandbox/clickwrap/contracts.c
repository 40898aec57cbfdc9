/* Contracts over the REST API. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/contract.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include "sandbox/clickwrap/version.h"
#include "sandbox/clickwrap/versions.h"
#include <string.h>

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

static bool contract_check_uses(ic_exchange *x) {
    const char *choices = ic_field_find(x->operation->fields, "used_in")->choices;
    const cJSON *use;
    cJSON_ArrayForEach(use, ic_json_member(x->body, "used_in")) {
        if (cJSON_IsString(use) && ic_is_choice(choices, use->valuestring)) continue;
        ic_reply_error(x, 400, "bad_request", NULL, "used_in has %s, which is no use of a contract",
                       cJSON_IsString(use) ? use->valuestring : "an item that is no text");
        return false;
    }
    return true;
}

void ic_cw_contracts_create(ic_exchange *x) {
    static const char *const members[] = {
        "title",       "key",     "description",     "classification",     "public",  "shared",
        "countries",   "locales", "clm_record_sync", "language_direction", "used_in", "tags",
        "render_data", NULL};
    const char *key = ic_json_string(x->body, "key"), *title = ic_json_string(x->body, "title");
    if (!ic_cw_of_path(x, IC_CW_SITE, 0) || !contract_check_uses(x) || !ic_cw_version_check(x)) return;
    if (key && ic_cw_find(x->company->clickwrap, IC_CW_CONTRACT, "key", key)) {
        ic_cw_refuse(x, "the key is taken");
        return;
    }
    cJSON *contract = ic_cw_new_contract(x->company, key ? key : "", title);
    if (!key) {
        char made[32] = "template-";
        ic_random_hex(x->company, made + strlen(made), 9);
        ic_cw_set_text(contract, "key", made);
    }
    ic_cw_copy(x, contract, members);
    cJSON *version = ic_cw_draft(x->company, contract, true);
    ic_cw_version_fill(x, version);
    contract = ic_cw_keep_contract(x->company, contract, version);
    if (contract)
        ic_cw_reply_thing(x, 201, IC_CW_CONTRACT, contract, false);
    else
        ic_reply_no_memory(x);
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
    } else if (ic_cw_publish(x->company, contract, before)) {
        ic_cw_reply_thing(x, 200, IC_CW_CONTRACT, contract, false);
    } else {
        ic_reply_no_memory(x);
    }
}
