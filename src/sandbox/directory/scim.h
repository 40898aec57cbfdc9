/* What SCIM's operations share: lists, errors, PATCH. */
#ifndef IC_SANDBOX_SCIM_H
#define IC_SANDBOX_SCIM_H

#include "sandbox/directory/scim_schema.h"
#include "sandbox/http/exchange.h"

/* One resource as SCIM shows it, made anew. */
typedef cJSON *(*ic_scim_view)(const ic_company *company, const void *item);

/* Answers a list: those of the items that the query's filter selects, from startIndex on, at most count. */
void ic_scim_reply_list(ic_exchange *x, const ic_scim_kind *kind, const ic_array *items, ic_scim_view view);
/* Answers one resource, which it takes over, without the attributes that the query excludes. */
void ic_scim_reply(ic_exchange *x, unsigned status, const ic_scim_kind *kind, cJSON *resource);
/* Whether who acts administers the company; otherwise answers 403. */
bool ic_scim_may_change(ic_exchange *x);
void ic_scim_not_found(ic_exchange *x);
/* {resourceType, location} */
cJSON *ic_scim_meta(const ic_company *company, const ic_scim_kind *kind, const char *id);

/* The attributes of the body that the schema knows and that may be written, as the schema spells them: what
 * POST and PUT say. NULL: answered. */
cJSON *ic_scim_read(ic_exchange *x, const ic_scim_kind *kind);
/* Bits: what a PATCH may do. */
enum { IC_SCIM_ADD = 1, IC_SCIM_REMOVE = 2, IC_SCIM_REPLACE = 4 };
/* Does the body's operations on the resource, one after the other. false: answered, and the resource is of no
 * use any more. Sources: RFC 7644, 3.5.2, and the SCIM document, in which a path is required and a removal
 * may name its values. */
bool ic_scim_patch(ic_exchange *x, const ic_scim_kind *kind, unsigned allowed, cJSON *resource);
/* Answers 400 invalidValue as the service words it: "Invalid value at name.givenName: 123". */
void ic_scim_refuse_value(ic_exchange *x, const char *path, const cJSON *value);

#endif
