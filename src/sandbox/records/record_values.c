/* Checks properties of records, entities and obligations against their schema. Source of the messages:
 * create-a-record in the public document. */
#include "sandbox/records/record_values.h"
#include "sandbox/base/values.h"
#include <stdio.h>
#include <string.h>

/* The property as stored, {type, value}. NULL: an error is set as the reply, or no memory. */
static cJSON *record_values_accept(ic_exchange *x, const cJSON *schema, const cJSON *given, const char *param,
                                   bool typed) {
    const cJSON *known = ic_json_member(schema, given->string);
    const char *type = ic_json_string(known, "type");
    const char *said = ic_json_string(given, "type");
    const cJSON *value = ic_json_member(given, "value");
    if (!known || !type) {
        ic_reply_error(x, 400, "INVALID_PARAM", param, "unknown property %s", given->string);
    } else if (typed && !ic_json_member(given, "type")) {
        ic_reply_error(x, 400, "MISSING_PARAM", param, "property %s needs a type", given->string);
    } else if (ic_json_member(given, "type") && !said) {
        ic_reply_error(x, 400, "INVALID_PARAM", param, "the type of property %s is no text", given->string);
    } else if (said && strcmp(said, type) != 0) {
        ic_reply_error(x, 400, "INVALID_PARAM", param, "property %s is of type %s, not %s", given->string,
                       type, said);
    } else if (!value) {
        ic_reply_error(x, 400, "MISSING_PARAM", param, "property %s needs a value", given->string);
    } else if (!ic_value_fits(type, value)) {
        ic_reply_error(x, 400, "INVALID_PARAM", param, "invalid value for property %s: expected %s",
                       given->string, type);
    } else {
        cJSON *kept = cJSON_CreateObject();
        ic_put_text(kept, "type", type);
        ic_put(kept, "value", ic_value_as_kept(type, value));
        return kept;
    }
    return NULL;
}

bool ic_properties_add(ic_exchange *x, const cJSON *schema, cJSON *properties, const cJSON *given,
                       const char *where, bool typed) {
    const cJSON *property;
    cJSON_ArrayForEach(property, given) {
        char param[128];
        snprintf(param, sizeof param, "%s.%s", where, property->string);
        cJSON *kept = record_values_accept(x, schema, property, param, typed);
        if (!kept) {
            if (!x->status) ic_reply_no_memory(x);
            return false;
        }
        if (!ic_set(properties, property->string, kept)) {
            ic_reply_no_memory(x);
            return false;
        }
    }
    return true;
}
