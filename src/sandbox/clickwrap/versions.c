/* Contracts and their versions: drafts, publishing, and what is published. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/clickwrap.h"
#include "sandbox/clickwrap/events.h"
#include <stdio.h>

static cJSON *version_of(const ic_clickwrap *clickwrap, const cJSON *contract, const char *member) {
    const char *id = ic_json_string(contract, member);
    return id ? ic_cw_by_id(clickwrap, IC_CW_VERSION, id) : NULL;
}

cJSON *ic_cw_published(const ic_clickwrap *clickwrap, const cJSON *contract) {
    return version_of(clickwrap, contract, "published_version");
}

cJSON *ic_cw_latest(const ic_clickwrap *clickwrap, const cJSON *contract) {
    return version_of(clickwrap, contract, "latest_version");
}

/* A major version begins a new number; a minor one follows the latest major one. */
static void version_number(const ic_clickwrap *clickwrap, const cJSON *contract, cJSON *version, bool major) {
    const cJSON *latest = ic_cw_latest(clickwrap, contract);
    char text[48];
    double number = ic_cw_number(latest, "version_number"),
           minor = ic_cw_number(latest, "minor_version_number");
    major = major || !latest;
    ic_cw_set_number(version, "version_number", major ? number + 1 : number);
    ic_cw_set_number(version, "minor_version_number", major ? 0 : minor + 1);
    snprintf(text, sizeof text, "%.0f.%.0f", major ? number + 1 : number, major ? 0 : minor + 1);
    ic_cw_set_text(version, "full_version_number", text);
    ic_cw_set_bool(version, "is_major_version", major);
    const char *own = ic_json_string(version, "id"), *before = ic_json_string(latest, "major_version");
    ic_cw_set_text(version, "major_version", major || !before ? own : before);
}

cJSON *ic_cw_draft(ic_company *company, cJSON *contract, bool major) {
    cJSON *version = ic_cw_add(company, IC_CW_VERSION);
    const char *title = ic_json_string(contract, "title");
    ic_put_number(version, "contract", ic_cw_number(contract, "id"));
    ic_put_text(version, "title", title ? title : "");
    ic_put_text(version, "type", "html");
    ic_put_text(version, "body", "");
    ic_put_text(version, "change_summary", "");
    ic_put_text(version, "status", "draft");
    ic_put_bool(version, "published", false);
    ic_put_bool(version, "deleted", false);
    version_number(company->clickwrap, contract, version, major);
    ic_cw_set_text(contract, "latest_version", ic_json_string(version, "id"));
    return version;
}

void ic_cw_publish(ic_company *company, cJSON *contract, cJSON *version) {
    ic_time_text now = ic_time_print(ic_company_now(company));
    cJSON *before = ic_cw_published(company->clickwrap, contract);
    if (before && before != version) {
        ic_cw_set_text(before, "status", "deprecated");
        ic_cw_set_bool(before, "published", false);
        ic_cw_set_text(before, "deprecated_time", now.text);
    }
    cJSON *const both[] = {contract, version};
    for (size_t i = 0; i < 2; i++) {
        ic_cw_set_bool(both[i], "published", true);
        ic_cw_set_text(both[i], "published_time", now.text);
        ic_cw_set_number(both[i], "published_by", 1);
        ic_cw_touch(company, both[i]);
    }
    ic_cw_set_text(version, "status", "published");
    ic_cw_set_text(contract, "published_version", ic_json_string(version, "id"));
    ic_cw_note_version(company, contract, version);
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
