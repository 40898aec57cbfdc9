#include "sandbox/clickwrap/contract.h"
#include "sandbox/base/build.h"

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
