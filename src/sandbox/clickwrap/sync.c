/* Ironclad does not document what such a record holds. Here it has only a name. */
#include "sandbox/clickwrap/sync.h"
#include "core/base/buf.h"
#include "sandbox/base/build.h"
#include "sandbox/records/record.h"
#include <string.h>

/* The record type of an activity's contract; NULL: it does not appear as a record. */
static const ic_record_type *sync_type(const ic_company *company, const cJSON *activity,
                                       const cJSON *contract) {
    const cJSON *sync = ic_json_member(contract, "clm_record_sync");
    const char *event = ic_json_string(activity, "event_type"), *type = ic_json_string(sync, "record_type");
    bool synced = event && strcmp(event, "agreed") == 0 && !ic_cw_true(activity, ".test");
    return synced && type && ic_cw_true(sync, "enabled") ? ic_company_record_type(company, type) : NULL;
}

/* NULL: no memory. */
static ic_record *sync_make(ic_company *company, const ic_record_type *type, const cJSON *activity,
                            const cJSON *contract) {
    ic_buf name = {0};
    ic_buf_printf(&name, "%s accepted by %s", ic_json_string(contract, "title"),
                  ic_json_string(activity, "signer_id"));
    cJSON *none = cJSON_CreateObject();
    ic_record *record = none && ic_buf_text(&name) ? ic_record_new(company, type, ic_buf_text(&name)) : NULL;
    bool filled = record && ic_record_set_properties(record, none);
    cJSON_Delete(none);
    ic_buf_free(&name);
    if (record) record->updated = ic_company_now(company);
    if (filled && ic_company_add_record(company, record)) return record;
    if (record) ic_record_free(record);
    return NULL;
}

bool ic_cw_sync(ic_company *company, const cJSON *activities) {
    const cJSON *activity;
    ic_array made = {0};
    bool whole = true;
    cJSON_ArrayForEach(activity, activities) {
        char id[32];
        const cJSON *contract =
            ic_cw_by_id(company->clickwrap, IC_CW_CONTRACT, ic_cw_text(activity, "contract", id, sizeof id));
        const ic_record_type *type = sync_type(company, activity, contract);
        ic_record *record = whole && type ? sync_make(company, type, activity, contract) : NULL;
        if (!type) continue;
        whole = record && ic_array_push(&made, record);
        if (record && !whole) ic_company_remove_record(company, record);
    }
    for (size_t i = 0; !whole && i < made.count; i++)
        ic_company_remove_record(company, made.items[i]);
    ic_array_free(&made);
    return whole;
}
