/* What the record operations share. */
#ifndef IC_SANDBOX_RECORDS_H
#define IC_SANDBOX_RECORDS_H

#include "sandbox/http/exchange.h"

/* --- one record (records.c) --- */

/* The record that the path names, by either id; NULL: there is none, and it is answered with the status. */
ic_record *ic_exchange_record(ic_exchange *x, unsigned status);
void ic_reply_no_record(ic_exchange *x, unsigned status);
/* Whether the acting user may change records; otherwise answers 403. */
bool ic_exchange_may_edit(ic_exchange *x);
void ic_reply_record(ic_exchange *x, const ic_record *record);

/* --- which ones (record_query.c) --- */

typedef struct ic_record_query {
    ic_array types; /* ic_record_type; none: all */
    ic_time since;
    ic_formula *filter;    /* NULL: all */
    const ic_array *order; /* ic_record, rising */
    bool rising;
} ic_record_query;

/* Reads what the request's query asks for; free it in either case. false: answered. */
bool ic_record_query_read(ic_exchange *x, ic_record_query *query);
bool ic_record_query_is_all(const ic_record_query *query); /* it leaves none out */
bool ic_record_is_wanted(const ic_record *record, const ic_record_query *query);
void ic_record_query_free(ic_record_query *query);

/* --- properties (record_properties.c) --- */

/* The value of a property, as amended; NULL: it has none, or no memory. Its name has no characters that JSON
 * escapes. */
cJSON *ic_record_value(const ic_record *record, const char *property);
/* The same of several at once. */
void ic_record_values(const ic_record *record, const char *const *names, size_t count, cJSON **values);
/* Whether it has amendments. */
bool ic_record_is_amended(const ic_record *record);
/* All properties, as amended, with their original values. NULL: no memory. */
cJSON *ic_record_properties(const ic_record *record);

/* --- changes (record_changes.c) --- */

/* A change of one record, read and checked as a whole before any of it is done. */
typedef struct ic_record_change {
    const ic_record_type *type; /* NULL: stays */
    const char *name;           /* NULL: stays; the body's */
    cJSON *properties;          /* all of them from then on; NULL: stay; owned */
    cJSON *amends;              /* likewise: property -> {amendmentType} */
    bool sets_parent;
    ic_record *parent; /* NULL: none */
    const char *link_type;
    ic_array add_links, remove_links, add_children, remove_children; /* ic_record */
} ic_record_change;

/* Reads into the change what the body says. `record` is the one to change, NULL while there is none. false:
 * answered. */
typedef bool (*ic_record_reader)(ic_exchange *x, ic_record_change *change, const ic_record *record);
bool ic_record_read_all(ic_exchange *x, ic_record_change *change,
                        const ic_record *record); /* create, replace */
bool ic_record_read_some(ic_exchange *x, ic_record_change *change, const ic_record *record); /* update */
/* Does it. false: no memory, and nothing has changed. The record is not sorted in while this runs. */
bool ic_record_change_apply(ic_record *record, ic_record_change *change);
void ic_record_change_free(ic_record_change *change);

/* Adds what is given to the properties, each checked against the schema (key -> {type, …}). `where` is the
 * body's field, for the error. false: answered; some may have been added. */
bool ic_properties_add(ic_exchange *x, const cJSON *schema, cJSON *properties, const cJSON *given,
                       const char *where);

#endif
