/* A record as the company keeps it. */
#ifndef IC_SANDBOX_RECORD_H
#define IC_SANDBOX_RECORD_H

#include "sandbox/company/company.h"
#include "sandbox/records/attachment.h"
#include "sandbox/records/contract_action.h"

typedef struct ic_record_type {
    char *key, *display_name;
} ic_record_type;

typedef struct ic_record {
    ic_uuid id;
    ic_readable_id readable;
    unsigned number; /* of `readable`: the order of creation */
    const ic_record_type *type;
    char *name;
    char *properties;                 /* JSON text: a tree would take six times the memory */
    char *amends;                     /* also JSON: which of its parent's properties it amends; NULL: none */
    ic_time updated, agreed, expires; /* the last two come from the properties */
    ic_uuid *links;                   /* ids of records, some of which may have been deleted; owned */
    size_t link_count;
    struct ic_record *parent, *first_child, *next_sibling;
    struct ic_obligation *obligations; /* the first; NULL: none */
    const char *parent_link_type;      /* static; NULL: none */
    ic_attachment *attachments;        /* owned */
    ic_contract_action *actions;       /* the last one; owned */
    ic_object_id workflow;             /* the workflow that made it; "": none */
    struct ic_import *import;          /* the import that made it; NULL: none */
} ic_record;

/* By its key. NULL: not found. */
ic_record_type *ic_company_record_type(const ic_company *company, const char *key);
/* By either id, which may be NULL. NULL: not found. */
ic_record *ic_company_record(const ic_company *company, const char *id);

/* A record with an id but not yet in the company. NULL: no memory. */
ic_record *ic_record_new(ic_company *company, const ic_record_type *type, const char *name);
void ic_record_free(ic_record *record);
/* Stores the properties as text, and the dates in them. false: no memory, and nothing has changed. */
bool ic_record_set_properties(ic_record *record, const cJSON *properties);
/* Gives the record a readable id, unless it has one, and takes ownership of it. false: no memory, and the
 * caller keeps it. */
bool ic_company_add_record(ic_company *company, ic_record *record);
/* Removes a record without obligations, and frees it. */
void ic_company_remove_record(ic_company *company, ic_record *record);
/* Call them before and after a change of a record's name, properties or time. Sorting the record in again
 * cannot fail, because the lists keep their capacity. */
void ic_record_unsort(ic_company *company, ic_record *record);
bool ic_record_sort(ic_company *company, ic_record *record);
/* Sets the record's time to now, after a change other than of its name or properties. */
void ic_record_touch(ic_company *company, ic_record *record);
/* A NULL parent separates them. `link_type` is static. The record must not be an ancestor of the parent. */
void ic_record_set_parent(ic_record *record, ic_record *parent, const char *link_type);
/* Whether `from` is the record or one of its ancestors. */
bool ic_record_descends(const ic_record *record, const ic_record *from);
/* Frees all records of the company and their types. */
void ic_records_free(ic_company *company);

#endif
