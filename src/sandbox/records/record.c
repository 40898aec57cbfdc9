/* Records: their sorted lists, parents and children, creation and removal. */
#include "sandbox/records/record.h"
#include "core/base/alloc.h"
#include "core/base/text.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- sorted lists --- */

static int record_by_number(const ic_record *a, const ic_record *b) {
    return a->number < b->number ? -1 : a->number > b->number;
}

static int record_by_agreement(const void *a, const void *b) {
    const ic_record *left = a, *right = b;
    if (left->agreed != right->agreed) return left->agreed < right->agreed ? -1 : 1;
    return record_by_number(left, right);
}

static int record_by_name(const void *a, const void *b) {
    const ic_record *left = a, *right = b;
    int order = strcasecmp(left->name, right->name);
    return order ? order : record_by_number(left, right);
}

static int record_by_update(const void *a, const void *b) {
    const ic_record *left = a, *right = b;
    if (left->updated != right->updated) return left->updated < right->updated ? -1 : 1;
    return record_by_number(left, right);
}

bool ic_record_sort(ic_company *company, ic_record *record) {
    if (!ic_array_insert(&company->records_by_agreement, record, record_by_agreement)) return false;
    if (ic_array_insert(&company->records_by_name, record, record_by_name)) {
        if (ic_array_insert(&company->records_by_update, record, record_by_update)) return true;
        ic_array_remove(&company->records_by_name, record, record_by_name);
    }
    ic_array_remove(&company->records_by_agreement, record, record_by_agreement);
    return false;
}

void ic_record_unsort(ic_company *company, ic_record *record) {
    ic_array_remove(&company->records_by_agreement, record, record_by_agreement);
    ic_array_remove(&company->records_by_name, record, record_by_name);
    ic_array_remove(&company->records_by_update, record, record_by_update);
}

void ic_record_touch(ic_company *company, ic_record *record) {
    ic_record_unsort(company, record);
    record->updated = ic_company_now(company);
    ic_record_sort(company, record); /* cannot fail: the lists keep their capacity */
}

/* --- parents and children --- */

static void record_leave_parent(ic_record *record) {
    if (!record->parent) return;
    ic_record **at = &record->parent->first_child;
    while (*at != record)
        at = &(*at)->next_sibling;
    *at = record->next_sibling;
    record->parent = record->next_sibling = NULL;
    record->parent_link_type = NULL;
}

void ic_record_set_parent(ic_record *record, ic_record *parent, const char *link_type) {
    record_leave_parent(record);
    if (!parent) return;
    record->parent = parent;
    record->parent_link_type = link_type;
    ic_record **at = &parent->first_child;
    while (*at)
        at = &(*at)->next_sibling;
    *at = record;
}

bool ic_record_descends(const ic_record *record, const ic_record *from) {
    for (; record; record = record->parent)
        if (record == from) return true;
    return false;
}

/* --- properties --- */

static ic_time record_date_property(const cJSON *properties, const char *name) {
    ic_time time;
    const char *text = ic_json_string(ic_json_member(properties, name), "value");
    return ic_time_parse(text, &time) ? time : IC_TIME_NONE;
}

bool ic_record_set_properties(ic_record *record, const cJSON *properties) {
    char *text = ic_json_print(properties);
    if (!text) return false;
    ic_json_text_free(record->properties);
    record->properties = text;
    record->agreed = record_date_property(properties, "agreementDate");
    record->expires = record_date_property(properties, "expirationDate");
    return true;
}

/* --- creation and removal --- */

ic_record *ic_record_new(ic_company *company, const ic_record_type *type, const char *name) {
    ic_record *record = ic_calloc(1, sizeof *record);
    if (!record) return NULL;
    ic_new_uuid(company, record->id);
    record->type = type;
    record->agreed = record->expires = IC_TIME_NONE;
    record->name = ic_strdup(name);
    if (record->name) return record;
    ic_record_free(record);
    return NULL;
}

bool ic_company_add_record(ic_company *company, ic_record *record) {
    if (!*record->readable) ic_new_readable_id(company, record->readable);
    sscanf(record->readable, "IC-%u", &record->number);
    if (ic_record_sort(company, record)) {
        if (ic_index_put(&company->records_by_id, record->id, record)) {
            if (ic_index_put(&company->records_by_id, record->readable, record)) return true;
            ic_index_remove(&company->records_by_id, record->id);
        }
        ic_record_unsort(company, record);
    }
    return false;
}

void ic_company_remove_record(ic_company *company, ic_record *record) {
    ic_record_unsort(company, record);
    ic_index_remove(&company->records_by_id, record->id);
    ic_index_remove(&company->records_by_id, record->readable);
    while (record->first_child)
        record_leave_parent(record->first_child);
    record_leave_parent(record);
    ic_record_free(record);
}

void ic_record_free(ic_record *record) {
    for (ic_attachment *next; record->attachments; record->attachments = next) {
        next = record->attachments->next;
        ic_attachment_free(record->attachments);
    }
    ic_contract_actions_free(record->actions);
    ic_free(record->name);
    ic_json_text_free(record->properties);
    ic_json_text_free(record->amends);
    ic_free(record->links);
    ic_free(record);
}

ic_record_type *ic_company_record_type(const ic_company *company, const char *key) {
    for (size_t i = 0; i < company->record_types.count; i++) {
        ic_record_type *type = company->record_types.items[i];
        if (strcmp(type->key, key) == 0) return type;
    }
    return NULL;
}

ic_record *ic_company_record(const ic_company *company, const char *id) {
    return ic_index_get(&company->records_by_id, id);
}

static void record_free_type(ic_record_type *type) {
    ic_free(type->key);
    ic_free(type->display_name);
    ic_free(type);
}

void ic_records_free(ic_company *company) {
    IC_ARRAY_FREE_ALL(&company->records_by_agreement, ic_record *, ic_record_free);
    ic_array_free(&company->records_by_name);
    ic_array_free(&company->records_by_update);
    ic_index_free(&company->records_by_id);
    IC_ARRAY_FREE_ALL(&company->record_types, ic_record_type *, record_free_type);
    cJSON_Delete(company->record_properties);
    cJSON_Delete(company->record_attachments);
}
