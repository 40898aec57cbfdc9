/* The query of a request, percent-encoded. */
#ifndef IC_QUERY_H
#define IC_QUERY_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/http/arguments.h"

/* Checks the arguments' query against the catalog and appends "?name=value&…" for it and for extra_query.
 * Unknown and missing required parameters are refused; values that the catalog fills in are added; lists are
 * joined by commas. False with ARGUMENT (the message names the parameter). When out of memory, `target` has
 * failed. */
bool ic_query_build(const ic_operation *operation, const ic_arguments *arguments, ic_buf *target,
                    ic_error *error);
/* Refuses arguments that have none of the fields marked IC_ONE_OF. `extra`: what is sent unchecked; both may
 * be NULL. False with ARGUMENT, which names these fields. */
bool ic_query_check_one_of(const ic_operation *operation, const ic_field *fields, const cJSON *given,
                           const cJSON *extra, ic_error *error);
/* Appends the members of an object unchecked, the first one after `separator`. A NULL query adds nothing. */
bool ic_query_append(const cJSON *query, char separator, ic_buf *target, ic_error *error);

#endif
