/* The end of the Archive step, and the record that a workflow ends in. It also does what is due by the
 * company's clock. */
#include "sandbox/workflows/archive.h"
#include "core/base/alloc.h"
#include "sandbox/base/build.h"
#include "sandbox/base/values.h"
#include "sandbox/records/record_attachments.h"
#include "sandbox/records/smart_import.h"
#include "sandbox/workflows/launches.h"
#include "sandbox/workflows/signing.h"
#include "sandbox/workflows/workflow_events.h"
#include <string.h>

/* --- the record --- */

/* The attributes that are also properties of records. */
static cJSON *archive_properties(const ic_company *company, const ic_workflow *workflow, ic_time time) {
    cJSON *properties = cJSON_CreateObject();
    const cJSON *attribute;
    cJSON_ArrayForEach(attribute, workflow->attributes) {
        const char *type =
            ic_json_string(ic_json_member(company->record_properties, attribute->string), "type");
        if (!type || !ic_value_fits(type, attribute)) continue;
        cJSON *property = ic_put(properties, attribute->string, cJSON_CreateObject());
        ic_put_text(property, "type", type);
        ic_put(property, "value", ic_value_as_kept(type, attribute));
    }
    if (ic_json_member(properties, "agreementDate") ||
        !ic_json_member(company->record_properties, "agreementDate"))
        return properties;
    cJSON *agreed = ic_put(properties, "agreementDate", cJSON_CreateObject());
    ic_put_text(agreed, "type", "date");
    ic_put_text(agreed, "value", ic_time_print(time).text);
    return properties;
}

/* The record that an attribute such as localParentRecord names; NULL: none, or it is gone. */
static ic_record *archive_find_related(const ic_company *company, const ic_workflow *workflow,
                                       const char *attribute) {
    const char *id = ic_json_string(ic_json_member(workflow->attributes, attribute), "recordId");
    return id ? ic_company_record(company, id) : NULL;
}

/* When out of memory the link is left out. */
static void archive_link_record(const ic_company *company, const ic_workflow *workflow, ic_record *record) {
    ic_record *parent = archive_find_related(company, workflow, "localParentRecord"),
              *child = archive_find_related(company, workflow, "localChildRecord"),
              *linked = archive_find_related(company, workflow, "localLinkedRecord");
    if (parent) ic_record_set_parent(record, parent, NULL);
    if (child && !ic_record_descends(record, child)) ic_record_set_parent(child, record, NULL);
    if (linked) record->links = ic_calloc(1, sizeof *record->links);
    if (!record->links) return;
    memcpy(record->links[0], linked->id, sizeof linked->id);
    record->link_count = 1;
}

static bool archive_fill_record(ic_company *company, ic_workflow *workflow, ic_record *record, ic_time time) {
    const ic_document *copy = workflow->packet->copy;
    cJSON *properties = archive_properties(company, workflow, time);
    bool filled = properties && ic_record_set_properties(record, properties);
    cJSON_Delete(properties);
    record->updated = time;
    ic_workflow_claim_record(workflow, record);
    return filled &&
           ic_record_attach(company, record, "signedCopy", copy->filename, ic_blob_hold(copy->bytes));
}

static bool archive_make_record(ic_company *company, ic_workflow *workflow, ic_time time) {
    const ic_record_type *type = workflow->packet->design->record_type;
    if (!type) return true;
    ic_record *record = ic_record_new(company, type, workflow->title);
    if (!record) return false;
    if (!archive_fill_record(company, workflow, record, time) || !ic_company_add_record(company, record)) {
        ic_record_free(record);
        return false;
    }
    if (!ic_workflow_add_record(workflow, record)) {
        ic_company_remove_record(company, record);
        return false;
    }
    archive_link_record(company, workflow, record);
    return true;
}

static bool archive_complete(ic_company *company, ic_workflow *workflow, ic_time time) {
    if (!archive_make_record(company, workflow, time)) return false;
    workflow->step = IC_STEP_COMPLETE;
    workflow->status = IC_STATUS_COMPLETED;
    workflow->ended = workflow->updated = time;
    ic_workflow_event(company, "workflow_step_updated", workflow);
    ic_workflow_event(company, "workflow_completed", workflow);
    return true;
}

/* --- the clock --- */

static bool archive_is_due(ic_time when, ic_time now) {
    return when != IC_TIME_NONE && when <= now;
}

/* Sends a scheduled packet, if it can be sent. false: no memory. */
static bool archive_send_scheduled(ic_company *company, ic_workflow *workflow, ic_time when) {
    if (strcmp(ic_packet_status(workflow), "not_sent") == 0) {
        if (!ic_packet_send(company, workflow, workflow->creator, when)) return false;
        ic_workflow_event(company, "workflow_signature_packet_sent", workflow);
    }
    workflow->packet->notify_at = IC_TIME_NONE;
    return true;
}

/* Does what is due. Returns whether something is still due later; when out of memory it is tried again. */
static bool archive_settle(ic_company *company, ic_workflow *workflow, ic_time now) {
    const ic_packet *packet = workflow->packet;
    if (!packet || workflow->status != IC_STATUS_ACTIVE) return false;
    if (workflow->step == IC_STEP_SIGN && archive_is_due(packet->notify_at, now))
        return !archive_send_scheduled(company, workflow, packet->notify_at);
    if (workflow->step == IC_STEP_ARCHIVE && archive_is_due(packet->archive_at, now))
        return !archive_complete(company, workflow, packet->archive_at);
    return packet->notify_at != IC_TIME_NONE || packet->archive_at != IC_TIME_NONE;
}

void ic_company_settle(ic_company *company) {
    ic_time now = ic_company_now(company);
    size_t kept = 0;
    ic_launches_settle(company);
    ic_imports_settle(company);
    for (size_t i = 0; i < company->awaited.count; i++)
        if (archive_settle(company, company->awaited.items[i], now))
            company->awaited.items[kept++] = company->awaited.items[i];
    company->awaited.count = kept;
}
