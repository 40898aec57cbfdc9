/* Values by the names of their types, in launch forms and in record properties. */
#ifndef IC_SANDBOX_VALUES_H
#define IC_SANDBOX_VALUES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Whether a value is one of the type. Workflows say monetaryAmount where records say monetary_amount; a type
 * that is not known has no values. */
bool ic_value_fits(const char *type, const cJSON *value);
/* A copy of a record's value that fits, as answers show it: a date has a time of day and an offset, an amount
 * is a number. NULL: no memory. */
cJSON *ic_value_as_kept(const char *type, const cJSON *value);

#endif
