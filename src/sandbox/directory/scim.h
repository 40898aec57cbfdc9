/* What SCIM's operations share: lists, errors, PATCH. */
#ifndef IC_SANDBOX_SCIM_H
#define IC_SANDBOX_SCIM_H

#include "sandbox/directory/scim_schema.h"
#include "sandbox/http/exchange.h"

/* A new tree: the resource as SCIM shows it. */
typedef cJSON *(*ic_scim_view)(const ic_company *company, const void *item);

/* Answers a list: the items that the query's filter selects, from startIndex on, at most count. */
void ic_scim_reply_list(ic_exchange *x, const ic_scim_kind *kind, const ic_array *items, ic_scim_view view);
/* Answers one resource, without the attributes that the query excludes. Takes ownership of it. */
void ic_scim_reply(ic_exchange *x, unsigned status, const ic_scim_kind *kind, cJSON *resource);
/* Whether the acting user is an administrator; otherwise answers 403. */
bool ic_scim_may_change(ic_exchange *x);
void ic_scim_not_found(ic_exchange *x);
/* {resourceType, location} */
cJSON *ic_scim_meta(const ic_company *company, const ic_scim_kind *kind, const char *id);

/* For POST and PUT: the writable attributes of the body that the schema has, with the schema's spelling.
 * NULL: answered with an error. */
cJSON *ic_scim_read(ic_exchange *x, const ic_scim_kind *kind);
/* Bits: what a PATCH may do. */
enum { IC_SCIM_ADD = 1, IC_SCIM_REMOVE = 2, IC_SCIM_REPLACE = 4 };
/* Applies the body's operations to the resource, in order. false: answered with an error, and the resource
 * must be discarded. Sources: RFC 7644, 3.5.2, and the SCIM document, which requires a path and allows a
 * removal to list its values. */
bool ic_scim_patch(ic_exchange *x, const ic_scim_kind *kind, unsigned allowed, cJSON *resource);
/* Answers 400 invalidValue as the service words it: "Invalid value at name.givenName: 123". */
void ic_scim_refuse_value(ic_exchange *x, const char *path, const cJSON *value);

#endif
