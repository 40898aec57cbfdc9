/* Groups of contracts. */
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/events.h"
#include "sandbox/clickwrap/group.h"
#include "sandbox/clickwrap/handlers.h"
#include "sandbox/clickwrap/rest.h"
#include <stdio.h>

void ic_cw_groups_list(ic_exchange *x) {
    ic_cw_reply_list(x, IC_CW_GROUP, NULL);
}

static bool group_is_of_site(const ic_exchange *x, const cJSON *group) {
    const cJSON *site = ic_cw_by_id(x->company->clickwrap, IC_CW_SITE, x->values[0]);
    return ic_cw_number(group, "site") == ic_cw_number(site, "id");
}

void ic_cw_groups_of_site(ic_exchange *x) {
    if (ic_cw_of_path(x, IC_CW_SITE, 0)) ic_cw_reply_list(x, IC_CW_GROUP, group_is_of_site);
}

void ic_cw_groups_get(ic_exchange *x) {
    const cJSON *group = ic_cw_of_path(x, IC_CW_GROUP, 0);
    if (group) ic_cw_reply_thing(x, 200, IC_CW_GROUP, group, false);
}

/* The contracts of the body as ids: they may be whole contracts. NULL: one of them is unknown, and the answer
 * is 400. */
static cJSON *group_read_contracts(ic_exchange *x, const cJSON *given) {
    cJSON *ids = cJSON_CreateArray();
    const cJSON *item;
    cJSON_ArrayForEach(item, given) {
        char text[32];
        const cJSON *id = cJSON_IsObject(item) ? ic_json_member(item, "id") : item;
        if (cJSON_IsNumber(id)) snprintf(text, sizeof text, "%.0f", id->valuedouble);
        if (!cJSON_IsNumber(id) || !ic_cw_by_id(x->company->clickwrap, IC_CW_CONTRACT, text)) {
            cJSON_Delete(ids);
            ic_cw_refuse(x, "contracts has one that is not known");
            return NULL;
        }
        ic_append(ids, cJSON_CreateNumber(id->valuedouble));
    }
    return ids;
}

void ic_cw_groups_update(ic_exchange *x) {
    cJSON *group = ic_cw_of_path(x, IC_CW_GROUP, 0);
    const cJSON *given = ic_json_member(x->body, "contracts");
    cJSON *ids = group && given ? group_read_contracts(x, given) : NULL;
    if (group && given && !ids && !x->status) ic_reply_no_memory(x);
    if (x->status) return;
    cJSON *copy = ic_cw_edit(group);
    ic_cw_change(x, copy);
    if (ids) ic_cw_set(copy, "contracts", ids);
    ic_cw_set_bool(copy, "pending_changes", true);
    if (ic_cw_committed(x, group, copy)) ic_cw_reply_thing(x, 200, IC_CW_GROUP, group, false);
}

void ic_cw_groups_delete(ic_exchange *x) {
    cJSON *group = ic_cw_of_path(x, IC_CW_GROUP, 0);
    if (group && ic_cw_mark_deleted(x, group)) ic_cw_reply_thing(x, 200, IC_CW_GROUP, group, false);
}

void ic_cw_groups_publish(ic_exchange *x) {
    cJSON *group = ic_cw_of_path(x, IC_CW_GROUP, 0);
    if (!group) return;
    cJSON *copy = ic_cw_edit(group);
    ic_cw_group_publish(x->company, copy);
    if (!ic_cw_committed(x, group, copy)) return;
    ic_cw_note_group(x->company, group);
    ic_cw_reply_thing(x, 200, IC_CW_GROUP, group, false);
}
