/* Lists of the REST API: filter, sort, fields, expand and pages. */
#ifndef IC_SANDBOX_CLICKWRAP_LISTS_H
#define IC_SANDBOX_CLICKWRAP_LISTS_H

#include "sandbox/clickwrap/clickwrap.h"
#include "sandbox/http/exchange.h"

/* Which things of a list belong to it; NULL: all that are not deleted. */
typedef bool ic_cw_belongs(const ic_exchange *x, const cJSON *thing);
/* Answers a page of the things of that kind, as the query asks. */
void ic_cw_reply_list(ic_exchange *x, ic_cw_kind kind, ic_cw_belongs *belongs);
/* Answers one thing as the query asks for it, with `expand` and `fields`; in {data: …} if `wrapped`. */
void ic_cw_reply_thing(ic_exchange *x, unsigned status, ic_cw_kind kind, const cJSON *thing, bool wrapped);

#endif
