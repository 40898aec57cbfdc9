/* What the workflow operations share: the workflow of a request, and workflows as the API shows them. */
#ifndef IC_SANDBOX_WORKFLOWS_H
#define IC_SANDBOX_WORKFLOWS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* The workflow that the path names; NULL: there is none, and it is answered with the status. With `any_id`,
 * its readable id does too. */
ic_workflow *ic_exchange_workflow(ic_exchange *x, unsigned status, bool any_id);

/* Each of these makes a new tree, NULL or spoiled (build.h) without memory. */

/* `hydrate`: with what is known of the entities that attributes name. */
cJSON *ic_workflow_view(const ic_company *company, const ic_workflow *workflow, bool hydrate);
/* [{id, displayName, assignees: [{userName, userId, email}]}] */
cJSON *ic_roles_view(const ic_workflow *workflow);
cJSON *ic_document_view(const ic_company *company, const ic_workflow *workflow, const ic_document *document);
/* The author of a comment or a document. */
cJSON *ic_author_view(const ic_company *company, const ic_user *user);

#endif
