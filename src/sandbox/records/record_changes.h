/* What a request changes in a record. */
#ifndef IC_SANDBOX_RECORD_CHANGES_H
#define IC_SANDBOX_RECORD_CHANGES_H

#include "sandbox/http/exchange.h"
#include "sandbox/records/record.h"

/* A change of one record. It is read and checked as a whole before it is applied. */
typedef struct ic_record_change {
    const ic_record_type *type; /* NULL: unchanged */
    const char *name;           /* NULL: unchanged; points into the body */
    cJSON *properties;          /* all properties after the change; NULL: unchanged; owned */
    cJSON *amends;              /* the same for amended properties: property -> {amendmentType} */
    bool sets_parent;
    ic_record *parent; /* NULL: none */
    const char *link_type;
    ic_array add_links, remove_links, add_children, remove_children; /* ic_record */
} ic_record_change;

/* Reads the change from the body. `record`: the record to change; NULL for a new one. false: an error is set
 * as the reply. */
typedef bool (*ic_record_reader)(ic_exchange *x, ic_record_change *change, const ic_record *record);
bool ic_record_read_all(ic_exchange *x, ic_record_change *change,
                        const ic_record *record); /* create, replace */
bool ic_record_read_some(ic_exchange *x, ic_record_change *change, const ic_record *record); /* update */
/* Applies the change. false: no memory, and nothing has changed. Call it between ic_record_unsort and
 * ic_record_sort. */
bool ic_record_change_apply(ic_record *record, ic_record_change *change);
void ic_record_change_free(ic_record_change *change);

#endif
