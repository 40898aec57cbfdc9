#include "sandbox/clickwrap/start.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/contract.h"
#include "sandbox/clickwrap/group.h"
#include "sandbox/clickwrap/version.h"
#include "sandbox/clickwrap/versions.h"

static const struct contract {
    const char *key, *title, *body;
} start_contracts[] = {
    {"terms-of-service", "Terms of Service",
     "<h1>Terms of Service</h1><p>Larkspur Instruments sells to {{CompanyName}} as seen.</p>"},
    {"privacy-policy", "Privacy Policy", "<h1>Privacy Policy</h1><p>We keep what we must.</p>"},
    {"newsletter-terms", "Newsletter Terms", "<h1>Newsletter Terms</h1><p>One letter a month.</p>"},
};

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
