/* Documents of a workflow, and the files that come with a request to become some. */
#ifndef IC_SANDBOX_DOCUMENTS_H
#define IC_SANDBOX_DOCUMENTS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Adds the files that a document attribute names: a list of {"file": part}, or one. Otherwise answers and is
 * false; what it has added by then stays with the workflow. */
bool ic_documents_attach(ic_exchange *x, ic_workflow *workflow, const cJSON *field, const cJSON *value);

/* Whether a file of that name may be a contract: Ironclad takes Word and PDF. NULL may not. */
bool ic_is_contract_name(const char *filename);
/* By its key; NULL: there is none. */
ic_document *ic_workflow_document(const ic_workflow *workflow, const char *key);
/* A new version of it. Takes the bytes over, also when it fails. false: no memory. */
bool ic_document_replace(ic_company *company, ic_document *document, const char *filename, ic_blob *bytes,
                         const ic_user *author);

#endif
