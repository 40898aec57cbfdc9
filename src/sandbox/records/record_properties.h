/* The properties of a record. */
#ifndef IC_SANDBOX_RECORD_PROPERTIES_H
#define IC_SANDBOX_RECORD_PROPERTIES_H

#include "sandbox/records/record.h"

/* The value of a property, with amendments. NULL: no such property, or no memory. The name must have no
 * characters that JSON escapes. */
cJSON *ic_record_value(const ic_record *record, const char *property);
/* The same for several properties. */
void ic_record_values(const ic_record *record, const char *const *names, size_t count, cJSON **values);
/* Whether it has amendments. */
bool ic_record_is_amended(const ic_record *record);
/* All properties, with amendments and original values. NULL: no memory. */
cJSON *ic_record_properties(const ic_record *record);
/* Sets all properties of a record that is in the company, and its time. false: no memory, and nothing has
 * changed. */
bool ic_record_replace_properties(ic_company *company, ic_record *record, const cJSON *properties);

#endif
