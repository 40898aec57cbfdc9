/* The fields of a launch form, and their values. */
#ifndef IC_SANDBOX_FIELDS_H
#define IC_SANDBOX_FIELDS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Whether the field holds a document or a list of documents. These values are stored separately. */
bool ic_field_is_document(const cJSON *field);
/* Whether the field holds a record: linkedRecord, parentRecord, childRecord. */
bool ic_field_is_record(const cJSON *field);
/* Whether the field is always required; `conditional` is not. */
bool ic_field_is_required(const cJSON *field);
/* The value as the workflow stores it, owned by the caller: a record's id becomes {recordId, readableId}.
 * NULL: the value does not fit the field, or no memory. */
cJSON *ic_field_accept(const ic_company *company, const cJSON *field, const cJSON *value);
/* Whether the workflow has a value, or a document, for the field. */
bool ic_workflow_has(const ic_workflow *workflow, const cJSON *field);
/* "monetaryAmount", for messages. */
const char *ic_field_type(const cJSON *field);

#endif
