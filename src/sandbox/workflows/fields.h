/* Values of a launch form's fields. */
#ifndef IC_SANDBOX_FIELDS_H
#define IC_SANDBOX_FIELDS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Whether the field holds documents, one or a list of them: such values are kept apart. */
bool ic_field_is_document(const cJSON *field);
/* Whether the form must be filled in here; `conditional` counts as not. */
bool ic_field_is_required(const cJSON *field);
/* The value as the workflow keeps it (a record is looked up and becomes {recordId, readableId}), or NULL when
 * it does not fit the field or there is no memory for it. The caller's. */
cJSON *ic_field_accept(const ic_company *company, const cJSON *field, const cJSON *value);
/* Whether the workflow has a value, or a document, for the field. */
bool ic_workflow_has(const ic_workflow *workflow, const cJSON *field);
/* "monetaryAmount", for messages. */
const char *ic_field_type(const cJSON *field);

#endif
