/* Records: list, schema, get, create, update, replace, delete. */
#include "core/base/alloc.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/obligations.h"
#include "sandbox/records/record_changes.h"
#include "sandbox/records/record_exchange.h"
#include "sandbox/records/record_query.h"
#include "sandbox/records/record_view.h"
#include <stdio.h>
#include <string.h>

#define AHEAD 16 /* records to prefetch */

/* --- list --- */

/* The record at an index, in the requested direction. */
static const ic_record *records_get_at(const ic_record_query *query, size_t i) {
    return query->order->items[query->ascending ? i : query->order->count - 1 - i];
}

/* A page of all records. Looks only at the records of the page. */
static void records_list_all(ic_exchange *x, const ic_record_query *query, ic_page page) {
    unsigned shape = ic_exchange_record_shape(x);
    size_t all = query->order->count, first = page.number * page.size;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = first; i < all && i < first + page.size; i++)
        ic_append(list, ic_record_view(x->company, records_get_at(query, i), shape));
    ic_reply_page(x, page, all, list);
}

static void records_list_selected(ic_exchange *x, const ic_record_query *query, ic_page page) {
    unsigned shape = ic_exchange_record_shape(x);
    size_t all = query->order->count, first = page.number * page.size, count = 0;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < all; i++) {
        const ic_record *record = records_get_at(query, i);
        /* Records are scattered in memory; without prefetching, cache misses take most of the time. */
        if (i + AHEAD < all) __builtin_prefetch(&records_get_at(query, i + AHEAD)->updated);
        if (!ic_record_is_wanted(record, query)) continue;
        if (count >= first && count < first + page.size)
            ic_append(list, ic_record_view(x->company, record, shape));
        count++;
    }
    ic_reply_page(x, page, count, list);
}

void ic_records_list(ic_exchange *x) {
    ic_record_query query;
    if (ic_record_query_read(x, &query))
        (ic_record_query_is_all(&query) ? records_list_all : records_list_selected)(x, &query,
                                                                                    ic_exchange_page(x));
    ic_record_query_free(&query);
}

/* --- schema --- */

/* A property of the schema. Live answers have a tag on built-in properties, and flags on those that AI
 * predicts. */
static cJSON *records_property_view(const cJSON *property) {
    static const char *const purposes[] = {"agreementDate", "effectiveDate", "expirationDate",
                                           "otherRenewalType"};
    static const char *const predicted[] = {"agreementDate", "contractValue", "counterpartyName",
                                            "expirationDate"};
    cJSON *view = cJSON_Duplicate(property, true), *tags = ic_put(view, "tags", cJSON_CreateArray());
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++)
        if (strcmp(purposes[i], property->string) == 0) {
            char tag[64];
            snprintf(tag, sizeof tag, "purpose:%s", property->string);
            ic_append(tags, cJSON_CreateString(tag));
        }
    for (size_t i = 0; i < sizeof predicted / sizeof predicted[0]; i++)
        if (strcmp(predicted[i], property->string) == 0) {
            ic_put_bool(view, "isAiEnabled", true);
            ic_put_bool(view, "hasCustomAiConfig", false);
            ic_put_bool(view, "hasDefaultAiConfig", true);
        }
    ic_put_number(view, "version", 1);
    return view;
}

void ic_records_schema(ic_exchange *x) {
    const cJSON *property;
    cJSON *answer = cJSON_CreateObject();
    cJSON *types = ic_put(answer, "recordTypes", cJSON_CreateObject());
    for (size_t i = 0; i < x->company->record_types.count; i++) {
        const ic_record_type *type = x->company->record_types.items[i];
        cJSON *view = ic_put(types, type->key, cJSON_CreateObject());
        ic_put_text(view, "displayName", type->display_name);
        ic_put(view, "description", cJSON_CreateNull());
    }
    cJSON *properties = ic_put(answer, "properties", cJSON_CreateObject());
    cJSON_ArrayForEach(property, x->company->record_properties)
        ic_put(properties, property->string, records_property_view(property));
    ic_put(answer, "attachments", cJSON_Duplicate(x->company->record_attachments, true));
    ic_put(answer, "links", cJSON_CreateObject());
    ic_put_text(answer, "repositoryId", "00000000-0000-0000-0000-000000000000");
    ic_reply_json(x, 200, answer);
}

/* --- one record --- */

void ic_records_get(ic_exchange *x) {
    const ic_record *record = ic_exchange_record(x, 400);
    if (record) ic_reply_record(x, record);
}

/* Adds a record with the type, name and properties of the change. NULL: no memory. */
static ic_record *records_add(ic_exchange *x, const ic_record_change *change) {
    ic_record *record = ic_record_new(x->company, change->type, change->name);
    if (!record) return NULL;
    record->updated = ic_company_now(x->company);
    if (ic_record_set_properties(record, change->properties) && ic_company_add_record(x->company, record))
        return record;
    ic_record_free(record);
    return NULL;
}

void ic_records_create(ic_exchange *x) {
    ic_record_change change = {0};
    if (!ic_exchange_may_edit(x)) return;
    if (ic_record_read_all(x, &change, NULL)) {
        ic_record *record = records_add(x, &change);
        if (record && ic_record_change_apply(record, &change)) {
            ic_reply_record(x, record);
        } else {
            if (record) ic_company_remove_record(x->company, record);
            ic_reply_no_memory(x);
        }
    }
    ic_record_change_free(&change);
}

static void records_change(ic_exchange *x, ic_record_reader read) {
    ic_record_change change = {0};
    ic_record *record = ic_exchange_may_edit(x) ? ic_exchange_record(x, 400) : NULL;
    if (record && read(x, &change, record)) {
        ic_record_unsort(x->company, record);
        bool done = ic_record_change_apply(record, &change);
        if (done) record->updated = ic_company_now(x->company);
        ic_record_sort(x->company, record); /* cannot fail: the lists keep their capacity */
        if (done)
            ic_reply_record(x, record);
        else
            ic_reply_no_memory(x);
    }
    ic_record_change_free(&change);
}

void ic_records_update(ic_exchange *x) {
    records_change(x, ic_record_read_some);
}

void ic_records_replace(ic_exchange *x) {
    records_change(x, ic_record_read_all);
}

void ic_records_delete(ic_exchange *x) {
    ic_record *record = ic_exchange_may_edit(x) ? ic_exchange_record(x, 400) : NULL;
    if (!record) return;
    ic_company_remove_obligations(x->company, record);
    ic_company_remove_record(x->company, record);
    ic_reply_nothing(x);
}
