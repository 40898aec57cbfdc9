/* Files that come with a request and become documents of a workflow. */
#ifndef IC_SANDBOX_DOCUMENTS_H
#define IC_SANDBOX_DOCUMENTS_H

#include "exchange.h"

/* Adds the files that a document attribute names: a list of {"file": part}, or one. Otherwise answers and is
 * false; what it has added by then stays with the workflow. */
bool ic_documents_attach(ic_exchange *x, ic_workflow *workflow, const cJSON *field, const cJSON *value);

#endif
