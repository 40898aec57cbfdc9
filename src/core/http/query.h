/* The query of a request: checked against the catalog, percent-encoded. */
#ifndef IC_QUERY_H
#define IC_QUERY_H

#include "core/base/buf.h"
#include "core/http/request.h"

/* Appends "?name=value&…" for the arguments' query and extra_query: known names only, required ones present,
 * fills filled in, lists joined by commas. */
bool ic_query_build(const ic_operation *operation, const ic_arguments *arguments, ic_buf *target,
                    ic_error *error);
/* Appends an object's members unchecked, the first after `separator`. NULL: nothing. */
bool ic_query_append(const cJSON *query, char separator, ic_buf *target, ic_error *error);

#endif
