/* The values of properties in a request. */
#ifndef IC_SANDBOX_RECORD_VALUES_H
#define IC_SANDBOX_RECORD_VALUES_H

#include "sandbox/http/exchange.h"

/* Checks each property in `given` against the schema (key -> {type, …}) and adds it to `properties`. `where`:
 * the field of the body, for errors. `typed`: each must name its type. false: an error is set as the reply;
 * some may have been added. */
bool ic_properties_add(ic_exchange *x, const cJSON *schema, cJSON *properties, const cJSON *given,
                       const char *where, bool typed);

#endif
