#include "sandbox/clickwrap/version.h"
#include "sandbox/base/build.h"
#include <stdio.h>
#include <string.h>

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

/* The newest of the other versions of a version's contract; NULL: it is the first. */
static const cJSON *version_before(const ic_clickwrap *clickwrap, const cJSON *version) {
    const char *own = ic_json_string(version, "id");
    const cJSON *other, *before = NULL;
    cJSON_ArrayForEach(other, clickwrap->lists[IC_CW_VERSION]) {
        const char *id = ic_json_string(other, "id");
        if (ic_cw_number(other, "contract") == ic_cw_number(version, "contract") && own && id &&
            strcmp(id, own) != 0)
            before = other;
    }
    return before;
}

void ic_cw_draft_number(const ic_clickwrap *clickwrap, cJSON *version, bool major) {
    const cJSON *before = version_before(clickwrap, version);
    char text[48];
    double number = ic_cw_number(before, "version_number"),
           minor = ic_cw_number(before, "minor_version_number");
    major = major || !before;
    ic_cw_set_number(version, "version_number", major ? number + 1 : number);
    ic_cw_set_number(version, "minor_version_number", major ? 0 : minor + 1);
    snprintf(text, sizeof text, "%.0f.%.0f", major ? number + 1 : number, major ? 0 : minor + 1);
    ic_cw_set_text(version, "full_version_number", text);
    ic_cw_set_bool(version, "is_major_version", major);
    const char *own = ic_json_string(version, "id"), *followed = ic_json_string(before, "major_version");
    ic_cw_set_text(version, "major_version", major || !followed ? own : followed);
}

cJSON *ic_cw_draft(ic_company *company, const cJSON *contract, bool major) {
    cJSON *version = ic_cw_new(company, IC_CW_VERSION);
    const char *title = ic_json_string(contract, "title");
    ic_put_number(version, "contract", ic_cw_number(contract, "id"));
    ic_put_text(version, "title", title ? title : "");
    ic_put_text(version, "type", "html");
    ic_put_text(version, "body", "");
    ic_put_text(version, "change_summary", "");
    ic_put_text(version, "status", "draft");
    ic_put_bool(version, "published", false);
    ic_put_bool(version, "deleted", false);
    ic_cw_draft_number(company->clickwrap, version, major);
    return version;
}

cJSON *ic_cw_draft_keep(ic_company *company, cJSON *contract, cJSON *draft) {
    cJSON *copy = ic_cw_edit(contract);
    const char *id = ic_json_string(draft, "id");
    ic_cw_set(copy, "latest_version", id ? cJSON_CreateString(id) : NULL);
    if (!ic_whole(copy) || !ic_cw_keep(company->clickwrap, IC_CW_VERSION, draft)) {
        if (!ic_whole(copy)) cJSON_Delete(draft);
        cJSON_Delete(copy);
        return NULL;
    }
    ic_cw_commit(contract, copy);
    return draft;
}
