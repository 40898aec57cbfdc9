/* The record that a request is about. */
#ifndef IC_SANDBOX_RECORD_EXCHANGE_H
#define IC_SANDBOX_RECORD_EXCHANGE_H

#include "sandbox/http/exchange.h"
#include "sandbox/records/record.h"

/* The record in the path, by either id. NULL: not found, and an error with that status is set as the reply.
 */
ic_record *ic_exchange_record(ic_exchange *x, unsigned status);
void ic_reply_no_record(ic_exchange *x, unsigned status);
/* Whether the acting user may change records. false: a 403 is set as the reply. */
bool ic_exchange_may_edit(ic_exchange *x);

#endif
