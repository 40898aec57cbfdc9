#include "sandbox/clickwrap/group.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/version.h"
#include <stdio.h>

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

cJSON *ic_cw_group_contracts(const ic_clickwrap *clickwrap, const cJSON *group) {
    cJSON *list = cJSON_CreateArray();
    const cJSON *item;
    cJSON_ArrayForEach(item, ic_json_member(group, "contracts")) {
        char id[32];
        snprintf(id, sizeof id, "%.0f", item->valuedouble);
        cJSON *contract = ic_cw_by_id(clickwrap, IC_CW_CONTRACT, id);
        if (contract && ic_cw_published(clickwrap, contract)) cJSON_AddItemReferenceToArray(list, contract);
    }
    return list;
}
