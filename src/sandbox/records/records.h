/* Shared by the record operations. */
#ifndef IC_SANDBOX_RECORDS_H
#define IC_SANDBOX_RECORDS_H

#include "sandbox/http/exchange.h"
#include "sandbox/records/record.h"

/* --- one record (records.c) --- */

/* The record in the path, by either id. NULL: not found, and an error with that status is set as the reply.
 */
ic_record *ic_exchange_record(ic_exchange *x, unsigned status);
void ic_reply_no_record(ic_exchange *x, unsigned status);
/* Whether the acting user may change records. false: a 403 is set as the reply. */
bool ic_exchange_may_edit(ic_exchange *x);
void ic_reply_record(ic_exchange *x, const ic_record *record);

/* --- how the API shows it (record_view.c): new trees, NULL or spoiled (build.h) when out of memory --- */

/* Bits of the shape of a record's properties. */
enum { IC_ADDRESS_AS_OBJECT = 1, IC_HYDRATE_ENTITIES = 2 };
cJSON *ic_record_view(const ic_company *company, const ic_record *record, unsigned shape);
/* What a link to a record shows: {recordId, readableId}. */
cJSON *ic_record_link_view(const ic_record *record);
/* An address object as text, as the API shows it unless the request asks for the object. */
cJSON *ic_address_text(const cJSON *address);

/* --- selecting records (record_query.c) --- */

typedef struct ic_record_query {
    ic_array types; /* ic_record_type; none: all */
    ic_time since;
    ic_formula *filter;    /* NULL: all */
    const ic_array *order; /* ic_record, ascending */
    bool ascending;
} ic_record_query;

/* Reads the selection from the request's query. Free it in both cases. false: an error is set as the reply.
 */
bool ic_record_query_read(ic_exchange *x, ic_record_query *query);
bool ic_record_query_is_all(const ic_record_query *query); /* selects all records */
bool ic_record_is_wanted(const ic_record *record, const ic_record_query *query);
void ic_record_query_free(ic_record_query *query);

/* --- properties (record_properties.c) --- */

/* The value of a property, with amendments. NULL: no such property, or no memory. The name must have no
 * characters that JSON escapes. */
cJSON *ic_record_value(const ic_record *record, const char *property);
/* The same for several properties. */
void ic_record_values(const ic_record *record, const char *const *names, size_t count, cJSON **values);
/* Whether it has amendments. */
bool ic_record_is_amended(const ic_record *record);
/* All properties, with amendments and original values. NULL: no memory. */
cJSON *ic_record_properties(const ic_record *record);
/* Sets all properties of a record that is in the company, and its time. false: no memory, and nothing has
 * changed. */
bool ic_record_replace_properties(ic_company *company, ic_record *record, const cJSON *properties);

/* --- changes (record_changes.c) --- */

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

/* Checks each property in `given` against the schema (key -> {type, …}) and adds it to `properties`. `where`:
 * the field of the body, for errors. false: an error is set as the reply; some may have been added. */
bool ic_properties_add(ic_exchange *x, const cJSON *schema, cJSON *properties, const cJSON *given,
                       const char *where);

#endif
