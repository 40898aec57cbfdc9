/* What the handlers of Clickwrap's REST API share. */
#ifndef IC_SANDBOX_CLICKWRAP_REST_H
#define IC_SANDBOX_CLICKWRAP_REST_H

#include "sandbox/clickwrap/lists.h"

/* The thing whose id is the path's i-th value; NULL: answered with 404. */
cJSON *ic_cw_of_path(ic_exchange *x, ic_cw_kind kind, size_t i);
/* Sets the thing's members to those of the body that the operation has. */
void ic_cw_change(ic_exchange *x, cJSON *thing);
/* A thing with `deleted`, which lists and look-ups pass over. */
void ic_cw_mark_deleted(ic_exchange *x, cJSON *thing);
/* {data: {id}} */
void ic_cw_reply_id(ic_exchange *x, const cJSON *thing);
/* Refusals: 400 and 404. */
void ic_cw_refuse(ic_exchange *x, const char *message);
/* A PDF with that line of text. */
void ic_cw_reply_pdf(ic_exchange *x, const char *text);
/* Appends a text with its {{tokens}} replaced by render data (load.c). */
void ic_cw_render(ic_buf *out, const char *body, const cJSON *render);

#endif
