/* Obligations: list, create, get, update. */
#include "sandbox/records/obligations.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record_exchange.h"
#include "sandbox/webhooks/events.h"
#include <string.h>

/* --- what they look like: ObligationModel --- */

static cJSON *obligation_view(const ic_company *company, const ic_item *item) {
    (void)company;
    const ic_obligation *obligation = (const ic_obligation *)item;
    const ic_item *above = obligation->above ? &obligation->above->item : NULL;
    cJSON *view = cJSON_CreateObject();
    ic_item_put(view, item);
    ic_put_text(view, "parentReadableId", above ? above->readable : obligation->record->readable);
    ic_put_text(view, "parentRecordName", above ? above->name : obligation->record->name);
    return view;
}

/* --- what formulas see --- */

/* The service fails for all names that begin with "parent", except one. */
static const char *obligation_property_type(void *exchange, const char *property) {
    ic_exchange *x = exchange;
    if (strcmp(property, "parentId") == 0) return "string";
    if (!ic_text_starts(property, "parent"))
        return ic_item_formula_type(&x->company->obligation_types, property);
    ic_reply_error(x, 500, "SERVER_ERROR", NULL, "internal server error");
    return NULL;
}

static cJSON *obligation_property_value(const void *item, const char *property) {
    const ic_obligation *obligation = item;
    if (strcmp(property, "parentId") != 0) return ic_item_formula_value(item, property);
    const ic_obligation *above = obligation->above;
    return cJSON_CreateStringReference(above ? above->item.id : obligation->record->id);
}

const ic_item_kind ic_obligations = {
    .prefix = "OB",
    .type_field = "obligationTypeKey",
    .items = offsetof(ic_company, obligations),
    .types = offsetof(ic_company, obligation_types),
    .last = offsetof(ic_company, last_obligation),
    .view = obligation_view,
    .property_type = obligation_property_type,
    .property_value = obligation_property_value,
};

/* --- list and get --- */

/* Whether [parentId] is compared with ids only: the service fails for readable ids. */
static bool obligation_filter_is_valid(const char *filter) {
    static const char name[] = "[parentId]";
    for (const char *at = filter ? strstr(filter, name) : NULL; at; at = strstr(at, name)) {
        at += strlen(name);
        const char *value = at + strspn(at, " ,");
        if (*value != '\'' && *value != '"') continue;
        ic_uuid id = "";
        size_t length = strcspn(value + 1, (char[]){*value, '\0'});
        if (length < sizeof id) memcpy(id, value + 1, length);
        if (!ic_is_uuid(id)) return false;
    }
    return true;
}

void ic_obligations_list(ic_exchange *x) {
    if (obligation_filter_is_valid(ic_exchange_query(x, "filter")))
        ic_items_reply_list(x, &ic_obligations);
    else
        ic_reply_error(x, 500, "SERVER_ERROR", NULL, "internal server error");
}

void ic_obligations_get(ic_exchange *x) {
    const ic_item *item = ic_exchange_item(x, &ic_obligations);
    if (item) ic_reply_json(x, 200, obligation_view(x->company, item));
}

/* --- events --- */

static void obligation_emit_event(ic_exchange *x, const char *name, const ic_item *item) {
    cJSON *payload = cJSON_CreateObject();
    ic_put_text(payload, "obligationID", item->id);
    ic_event_emit(x->company, &(ic_event){.name = name, .payload = payload}, NULL);
}

/* The events of a change. `before`: the properties before it, or NULL when out of memory. */
static void obligation_emit_changes(ic_exchange *x, const ic_item *item, const cJSON *before) {
    static const struct {
        const char *property, *event;
    } meanings[] = {{"userFacingObligations_status", "obligation_status_changed"},
                    {"userFacingObligations_dueDate", "obligation_due_date_changed"},
                    {"userFacingObligations_assignee", "obligation_assignee_changed"}};
    obligation_emit_event(x, "obligation_updated", item);
    for (size_t i = 0; before && i < sizeof meanings / sizeof meanings[0]; i++) {
        const cJSON *old = ic_json_member(before, meanings[i].property),
                    *new = ic_json_member(item->properties, meanings[i].property);
        if ((old || new) && !cJSON_Compare(old, new, true)) obligation_emit_event(x, meanings[i].event, item);
    }
}

/* --- create and update --- */

/* The record of the parent, which is a record or an obligation, by either id. NULL: answered with an error.
 */
static ic_record *obligation_find_parent(ic_exchange *x, ic_obligation **above) {
    const char *id = ic_json_string(x->body, "parentId");
    *above = (ic_obligation *)ic_item_find(&x->company->obligations, id);
    ic_record *record = *above ? (*above)->record : ic_company_record(x->company, id);
    if (!record)
        ic_reply_error(x, 400, "NOT_FOUND", "parentId", "Record id %s doesn't exist, or no access", id);
    return record;
}

static void obligation_create(ic_exchange *x, ic_item_change *change, ic_record *record,
                              ic_obligation *above) {
    ic_obligation *obligation = ic_calloc(1, sizeof *obligation);
    if (obligation && ic_item_change_apply(x->company, &obligation->item, change) &&
        ic_item_add(x->company, &ic_obligations, &obligation->item)) {
        obligation->above = above;
        ic_obligation_join(obligation, record);
        obligation_emit_event(x, "obligation_created", &obligation->item);
        ic_reply_json(x, 201, obligation_view(x->company, &obligation->item));
        return;
    }
    if (obligation) ic_obligation_free(obligation);
    ic_reply_no_memory(x);
}

void ic_obligations_create(ic_exchange *x) {
    ic_item_change change = {0};
    ic_obligation *above;
    ic_record *record = ic_exchange_may_edit(x) ? obligation_find_parent(x, &above) : NULL;
    if (!record) return;
    if (!ic_json_member(x->body, "properties"))
        ic_reply_error(x, 400, "MISSING_PARAM", "properties", "missing required parameter 'properties'");
    else if (ic_item_read_all(x, &ic_obligations, &change))
        obligation_create(x, &change, record, above);
    ic_item_change_free(&change);
}

void ic_obligations_update(ic_exchange *x) {
    ic_item_change change = {0};
    ic_item *item = ic_exchange_may_edit(x) ? ic_exchange_item(x, &ic_obligations) : NULL;
    if (item && ic_item_read_some(x, &ic_obligations, &change, item)) {
        cJSON *before = cJSON_Duplicate(item->properties, true);
        if (ic_item_change_apply(x->company, item, &change)) {
            obligation_emit_changes(x, item, before);
            ic_reply_json(x, 200, obligation_view(x->company, item));
        } else {
            ic_reply_no_memory(x);
        }
        cJSON_Delete(before);
    }
    ic_item_change_free(&change);
}

/* --- life --- */

void ic_obligation_free(ic_obligation *obligation) {
    ic_item_clear(&obligation->item);
    ic_free(obligation);
}

void ic_obligation_join(ic_obligation *obligation, ic_record *record) {
    ic_obligation **at = &record->obligations;
    while (*at)
        at = &(*at)->next;
    *at = obligation;
    obligation->record = record;
}

void ic_company_remove_obligations(ic_company *company, ic_record *record) {
    while (record->obligations) {
        ic_obligation *first = record->obligations;
        record->obligations = first->next;
        ic_item_remove(company, &ic_obligations, &first->item);
        ic_obligation_free(first);
    }
}

void ic_obligations_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->obligations, ic_obligation *, ic_obligation_free);
    IC_ARRAY_FREE_ALL(&company->obligation_types, ic_item_type *, ic_item_type_free);
}
