/* Values and their types, in launch forms and record properties. */
#ifndef IC_SANDBOX_VALUES_H
#define IC_SANDBOX_VALUES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Whether a value fits the type. Workflows use the name monetaryAmount, records monetary_amount. No value
 * fits an unknown type. */
bool ic_value_fits(const char *type, const cJSON *value);
/* A copy of a value that fits its type, in the form of answers: a date gets a time and an offset, an amount
 * becomes a number. NULL: no memory. */
cJSON *ic_value_as_kept(const char *type, const cJSON *value);

#endif
