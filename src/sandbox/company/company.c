#include "sandbox/company/company.h"
#include "core/base/alloc.h"

ic_company *ic_company_new(ic_company_end *const *ends) {
    ic_company *company = ic_calloc(1, sizeof *company);
    if (!company) return NULL;
    company->ends = ends;
    company->clock.fixed = IC_TIME_NONE;
    company->spool = ic_spool_new();
    if (company->spool) return company;
    ic_free(company);
    return NULL;
}

void ic_company_free(ic_company *company) {
    if (!company) return;
    for (ic_company_end *const *end = company->ends; *end; end++)
        (*end)(company);
    ic_limits_clear(&company->limits);
    cJSON_Delete(company->entitlements);
    ic_spool_free(company->spool);
    ic_free(company->url);
    ic_free(company->storage_url);
    ic_free(company->clickwrap_url);
    ic_free(company->redirect_uris);
    ic_free(company->name);
    ic_free(company->display_name);
    ic_free(company);
}

bool ic_company_entitled(const ic_company *company, const char *name) {
    return !cJSON_IsFalse(ic_json_member(ic_json_member(company->entitlements, name), "value"));
}
