/* Which records a request asks for. */
#ifndef IC_SANDBOX_RECORD_QUERY_H
#define IC_SANDBOX_RECORD_QUERY_H

#include "sandbox/http/exchange.h"
#include "sandbox/records/record.h"

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

#endif
