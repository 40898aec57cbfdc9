#include "sandbox/clickwrap/start.h"
#include "core/base/text.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/version.h"
#include "sandbox/clickwrap/versions.h"
#include <stdio.h>

static const struct contract {
    const char *key, *title, *body;
} start_contracts[] = {
    {"terms-of-service", "Terms of Service",
     "<h1>Terms of Service</h1><p>Larkspur Instruments sells to {{CompanyName}} as seen.</p>"},
    {"privacy-policy", "Privacy Policy", "<h1>Privacy Policy</h1><p>We keep what we must.</p>"},
    {"newsletter-terms", "Newsletter Terms", "<h1>Newsletter Terms</h1><p>One letter a month.</p>"},
};

cJSON *ic_cw_new_contract(ic_company *company, const char *key, const char *title) {
    cJSON *contract = ic_cw_new(company, IC_CW_CONTRACT);
    cJSON *sync = cJSON_CreateObject();
    ic_put_text(contract, "key", key);
    ic_put_text(contract, "title", title);
    ic_put_text(contract, "type", "html");
    ic_put_bool(contract, "published", false);
    ic_put_bool(contract, "archived", false);
    ic_put_bool(contract, "deleted", false);
    ic_put_bool(contract, "public", false);
    ic_put_bool(sync, "enabled", false);
    ic_put(contract, "clm_record_sync", sync);
    return contract;
}

cJSON *ic_cw_keep_contract(ic_company *company, cJSON *contract, cJSON *version) {
    ic_clickwrap *clickwrap = company->clickwrap;
    const char *id = ic_json_string(version, "id");
    ic_cw_set(contract, "latest_version", id ? cJSON_CreateString(id) : NULL);
    if (!ic_whole(contract) || !ic_whole(version)) {
        cJSON_Delete(contract);
        cJSON_Delete(version);
        return NULL;
    }
    ic_cw_keep(clickwrap, IC_CW_VERSION, version);
    return ic_cw_keep(clickwrap, IC_CW_CONTRACT, contract);
}

cJSON *ic_cw_new_group(ic_company *company, const char *key, const char *name) {
    cJSON *group = ic_cw_new(company, IC_CW_GROUP);
    ic_put_text(group, "key", key);
    ic_put_text(group, "name", name);
    ic_put_text(group, "type", "clickwrap");
    ic_put_text(group, "style", "combined");
    ic_put_text(group, "acceptance_language", "I agree to {{contracts}}.");
    ic_put_text(group, "alert_message", "Please accept before you go on.");
    ic_put_bool(group, "block_submission", true);
    ic_put_bool(group, "force_scroll", false);
    ic_put_bool(group, "auto_run", true);
    ic_put_bool(group, "display_all", true);
    ic_put_bool(group, "confirmation_email", false);
    ic_put_bool(group, "published", false);
    ic_put_bool(group, "pending_changes", true);
    ic_put_bool(group, "deleted", false);
    ic_put(group, "contracts", cJSON_CreateArray());
    return group;
}

void ic_cw_group_add(cJSON *group, const cJSON *contract) {
    ic_append(ic_json_member(group, "contracts"), cJSON_CreateNumber(ic_cw_number(contract, "id")));
    ic_cw_set_bool(group, "pending_changes", true);
}

void ic_cw_group_publish(ic_company *company, cJSON *group) {
    ic_cw_set_bool(group, "published", true);
    ic_cw_set_bool(group, "pending_changes", false);
    ic_cw_set_text(group, "published_time", ic_time_print(ic_company_now(company)).text);
    ic_cw_touch(company, group);
}

static bool start_site(ic_company *company) {
    cJSON *site = ic_cw_new(company, IC_CW_SITE);
    ic_uuid access_id;
    ic_new_uuid(company, access_id);
    ic_put_text(site, "access_id", access_id);
    ic_put_text(site, "name", "Larkspur Store");
    ic_put_text(site, "key", "larkspur-store");
    ic_put_text(site, "locale", "en-us");
    ic_put_text(site, "legal_center_url", "https://vault.pactsafe.invalid/s/larkspur/legal.html");
    ic_put_bool(site, "primary", true);
    ic_put_bool(site, "sandbox", false);
    ic_put_bool(site, "deleted", false);
    return ic_cw_keep(company->clickwrap, IC_CW_SITE, site);
}

static bool start_account(ic_company *company) {
    cJSON *account = company->clickwrap->account;
    ic_time_text now = ic_time_print(ic_company_now(company));
    ic_put_number(account, "id", 1);
    ic_put_text(account, "name", "Larkspur Instruments LLC");
    ic_put_text(account, "key", "larkspur");
    ic_put_text(account, "created_time", now.text);
    ic_put_text(account, "updated_time", now.text);
    cJSON *limits = ic_put(account, "limits", cJSON_CreateObject());
    ic_put_number(limits, "acceptances", 100000);
    ic_put_number(limits, "signers", 100000);
    return ic_whole(account);
}

static bool start_member(ic_company *company, double id, const char *name, const char *email,
                         const char *role) {
    cJSON *membership = ic_cw_new(company, IC_CW_MEMBERSHIP), *user = cJSON_CreateObject();
    ic_put_text(membership, "membership_type", "site");
    ic_put_text(membership, "role", role);
    ic_put_number(user, "id", id);
    ic_put_text(user, "name", name);
    ic_put_text(user, "email", email);
    ic_put_bool(user, "verified", true);
    ic_put(membership, "user", user);
    return ic_cw_keep(company->clickwrap, IC_CW_MEMBERSHIP, membership);
}

/* NULL: no memory. */
static cJSON *start_contract(ic_company *company, const struct contract *about) {
    cJSON *contract = ic_cw_new_contract(company, about->key, about->title),
          *version = ic_cw_draft(company, contract, true);
    ic_cw_set_text(version, "body", about->body);
    return ic_cw_keep_contract(company, contract, version);
}

bool ic_clickwrap_start(ic_company *company) {
    ic_clickwrap *clickwrap = company->clickwrap;
    cJSON *contracts[3];
    if (!start_account(company) || !start_site(company) ||
        !start_member(company, 1, "Jane Doe", "jane.doe@example.com", "owner") ||
        !start_member(company, 2, "Sam Roe", "sam.roe@example.com", "member"))
        return false;
    for (size_t i = 0; i < 3; i++) {
        contracts[i] = start_contract(company, &start_contracts[i]);
        if (!contracts[i]) return false;
        bool draft = i == 2;
        if (!draft && !ic_cw_publish(company, contracts[i], ic_cw_latest(clickwrap, contracts[i])))
            return false;
    }
    cJSON *terms = ic_cw_new_group(company, "terms", "Terms"),
          *newsletter = ic_cw_new_group(company, "newsletter", "Newsletter");
    ic_cw_group_add(terms, contracts[0]);
    ic_cw_group_add(terms, contracts[1]);
    ic_cw_group_publish(company, terms);
    ic_cw_group_add(newsletter, contracts[2]);
    bool first = ic_cw_keep(clickwrap, IC_CW_GROUP, terms),
         second = ic_cw_keep(clickwrap, IC_CW_GROUP, newsletter);
    return first && second;
}
