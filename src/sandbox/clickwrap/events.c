#include "sandbox/clickwrap/events.h"
#include "core/base/buf.h"
#include "sandbox/base/build.h"
#include "sandbox/clickwrap/group.h"
#include "sandbox/webhooks/outbox.h"
#include <stdio.h>
#include <string.h>

static bool event_is_wanted(const ic_webhook *integration, const char *event) {
    const cJSON *name;
    cJSON_ArrayForEach(name, integration->events) {
        if (strcmp(name->valuestring, "*") == 0 || strcmp(name->valuestring, event) == 0)
            return ic_webhook_is_enabled(integration);
    }
    return false;
}

/* The members that every event has (the guide "Webhook events"). */
static cJSON *event_new(ic_company *company, const ic_webhook *integration, const char *event) {
    const cJSON *site = company->clickwrap->lists[IC_CW_SITE]->child;
    ic_time_text now = ic_time_print(ic_company_now(company));
    ic_object_id id;
    ic_new_object_id(company, id);
    cJSON *body = cJSON_CreateObject();
    ic_put_text(body, "id", id);
    ic_put_text(body, "type", "webhook");
    ic_put_text(body, "integration", integration->id);
    ic_put_text(body, "sent_to", integration->target);
    ic_put_text(body, "event_type", event);
    ic_put_text(body, "description", event);
    ic_put(body, "site", ic_cw_view(site));
    ic_put_bool(body, "deliverable", true);
    ic_put_text(body, "created_time", now.text);
    ic_put_text(body, "updated_time", now.text);
    return body;
}

/* Sends an event to an integration. `more` is an object with its other members. false: no memory, or no space
 * in the outbox. */
static bool event_send(ic_company *company, const ic_webhook *integration, const char *event,
                       const cJSON *more) {
    const cJSON *member;
    cJSON *body = event_new(company, integration, event);
    if (!ic_whole(more)) ic_put(body, "", NULL);
    cJSON_ArrayForEach(member, more) ic_put(body, member->string, cJSON_Duplicate(member, true));
    char *text = ic_json_print(body);
    ic_delivery *delivery =
        text ? ic_delivery_new(company, integration, event, ic_json_string(body, "id"), text) : NULL;
    ic_json_text_free(text);
    cJSON_Delete(body);
    return delivery && ic_outbox_add(company, delivery, false);
}

/* Sends an event to all integrations that want it. `more` is freed. */
static void event_emit(ic_company *company, const char *event, cJSON *more) {
    for (size_t i = 0; company->outbox && i < company->integrations.count; i++) {
        const ic_webhook *integration = company->integrations.items[i];
        if (event_is_wanted(integration, event)) event_send(company, integration, event, more);
    }
    cJSON_Delete(more);
}

static cJSON *event_user(const ic_clickwrap *clickwrap) {
    return cJSON_Duplicate(ic_json_member(clickwrap->lists[IC_CW_MEMBERSHIP]->child, "user"), true);
}

void ic_cw_note_version(ic_company *company, const cJSON *contract, const cJSON *version) {
    cJSON *more = cJSON_CreateObject();
    ic_put(more, "version", ic_cw_view(version));
    ic_put(more, "contract", ic_cw_view(contract));
    ic_put(more, "user", event_user(company->clickwrap));
    event_emit(company, "version_published", more);
}

void ic_cw_note_group(ic_company *company, const cJSON *group) {
    cJSON *more = cJSON_CreateObject(), *custom = cJSON_CreateObject();
    cJSON *contracts = ic_cw_group_contracts(company->clickwrap, group), *ids = cJSON_CreateArray(),
          *versions = cJSON_CreateArray();
    const cJSON *contract;
    cJSON_ArrayForEach(contract, contracts) {
        ic_append(ids, cJSON_CreateNumber(ic_cw_number(contract, "id")));
        ic_append(versions, cJSON_CreateString(ic_json_string(contract, "published_version")));
    }
    cJSON_Delete(contracts);
    ic_put(more, "group", ic_cw_view(group));
    ic_put_text(custom, "group_key", ic_json_string(group, "key"));
    ic_put(custom, "contracts", ids);
    ic_put(custom, "versions", versions);
    ic_put(more, "custom_data", custom);
    event_emit(company, "group_published", more);
}

/* A thing that a member of the activity names; null: none. */
static cJSON *event_linked(const ic_clickwrap *clickwrap, ic_cw_kind kind, const cJSON *activity,
                           const char *member) {
    char id[64];
    const cJSON *thing = ic_cw_by_id(clickwrap, kind, ic_cw_text(activity, member, id, sizeof id));
    return thing ? ic_cw_view(thing) : cJSON_CreateNull();
}

void ic_cw_note_activity(ic_company *company, const cJSON *activity) {
    const ic_clickwrap *clickwrap = company->clickwrap;
    ic_buf name = {0};
    if (!company->integrations.count) return;
    cJSON *more = cJSON_CreateObject();
    ic_put(more, "group", event_linked(clickwrap, IC_CW_GROUP, activity, "group"));
    ic_put(more, "contract", event_linked(clickwrap, IC_CW_CONTRACT, activity, "contract"));
    ic_put(more, "version", event_linked(clickwrap, IC_CW_VERSION, activity, "version"));
    ic_put(more, "activity", ic_cw_view(activity));
    ic_put_text(more, "signer_id", ic_json_string(activity, "signer_id"));
    ic_put(more, "custom_data", cJSON_Duplicate(ic_json_member(activity, "custom_data"), true));
    ic_buf_printf(&name, "activity_%s", ic_json_string(activity, "event_type"));
    const char *text = ic_buf_text(&name);
    if (text)
        event_emit(company, text, more);
    else
        cJSON_Delete(more);
    ic_buf_free(&name);
}

void ic_cw_note_request(ic_company *company, const char *what, const cJSON *request, const char *signer) {
    const ic_clickwrap *clickwrap = company->clickwrap;
    char event[64];
    snprintf(event, sizeof event, "request_%s", what);
    cJSON *more = cJSON_CreateObject();
    const cJSON *who = signer ? ic_cw_by_id(clickwrap, IC_CW_SIGNER, signer) : NULL;
    ic_put(more, "request", ic_cw_view(request));
    if (who) ic_put(more, "signer", ic_cw_view(who));
    if (strcmp(what, "sent") == 0) ic_put(more, "user", event_user(clickwrap));
    event_emit(company, event, more);
}

bool ic_cw_send_test(ic_company *company, const ic_webhook *integration) {
    cJSON *more = cJSON_CreateObject();
    ic_put(more, "user", event_user(company->clickwrap));
    bool sent = event_send(company, integration, "test_event", more);
    cJSON_Delete(more);
    return sent;
}
