/* How the API shows a record: new trees, NULL or spoiled (build.h) when out of memory. */
#ifndef IC_SANDBOX_RECORD_VIEW_H
#define IC_SANDBOX_RECORD_VIEW_H

#include "sandbox/http/exchange.h"
#include "sandbox/records/record.h"

/* Bits of the shape of a record's properties. */
enum { IC_ADDRESS_AS_OBJECT = 1, IC_HYDRATE_ENTITIES = 2 };
cJSON *ic_record_view(const ic_company *company, const ic_record *record, unsigned shape);
/* What a link to a record shows: {recordId, readableId}. */
cJSON *ic_record_link_view(const ic_record *record);
/* An address object as text, as the API shows it unless the request asks for the object. */
cJSON *ic_address_text(const cJSON *address);

/* Answers the record in the shape that the query asks for. */
void ic_reply_record(ic_exchange *x, const ic_record *record);
/* That shape. */
unsigned ic_exchange_record_shape(const ic_exchange *x);

#endif
