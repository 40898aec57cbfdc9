/* Documents of a workflow, and how files of a request become documents. */
#ifndef IC_SANDBOX_DOCUMENTS_H
#define IC_SANDBOX_DOCUMENTS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* Adds the files that a document attribute names: one {"file": part}, or a list of them. false: answered with
 * an error; documents added so far stay. */
bool ic_documents_attach(ic_exchange *x, ic_workflow *workflow, const cJSON *field, const cJSON *value);

/* Whether a file of that name can be a contract: Ironclad accepts Word and PDF. NULL cannot. */
bool ic_is_contract_name(const char *filename);
/* By its key; NULL: there is none. */
ic_document *ic_workflow_document(const ic_workflow *workflow, const char *key);
/* Makes a new version of the document. Takes over the caller's hold of the bytes, also when it fails. false:
 * no memory. */
bool ic_document_replace(ic_company *company, ic_document *document, const char *filename, ic_blob *bytes,
                         const ic_user *author);

#endif
