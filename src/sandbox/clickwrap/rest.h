/* What the handlers of Clickwrap's REST API share. */
#ifndef IC_SANDBOX_CLICKWRAP_REST_H
#define IC_SANDBOX_CLICKWRAP_REST_H

#include "sandbox/clickwrap/lists.h"

/* The thing whose id is the path's i-th value; NULL: answered with 404. */
cJSON *ic_cw_of_path(ic_exchange *x, ic_cw_kind kind, size_t i);
/* In a new thing or a copy (ic_cw_edit): sets those of the members that the body has. The names end with
 * NULL. */
void ic_cw_copy(const ic_exchange *x, cJSON *thing, const char *const *names);
/* The same with all members that the operation has, and the time of the change. */
void ic_cw_change(ic_exchange *x, cJSON *thing);
/* ic_cw_keep and ic_cw_commit. NULL, false: no memory, answered with 500. */
cJSON *ic_cw_kept(ic_exchange *x, ic_cw_kind kind, cJSON *thing);
bool ic_cw_committed(ic_exchange *x, cJSON *thing, cJSON *copy);
/* Marks a thing as deleted: lists and look-ups pass it over. false: no memory, answered with 500. */
bool ic_cw_mark_deleted(ic_exchange *x, cJSON *thing);
/* {data: {id}} */
void ic_cw_reply_id(ic_exchange *x, const cJSON *thing);
/* Refusals: 400 and 404. */
void ic_cw_refuse(ic_exchange *x, const char *message);
/* A PDF with that line of text. */
void ic_cw_reply_pdf(ic_exchange *x, const char *text);

#endif
