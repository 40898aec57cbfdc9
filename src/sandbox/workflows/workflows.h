/* What the workflow operations share: the workflow of a request, and workflows as the API shows them. */
#ifndef IC_SANDBOX_WORKFLOWS_H
#define IC_SANDBOX_WORKFLOWS_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

/* The workflow that the path names by id, or with `any_id` also by readable id; NULL: answered with the
 * status. */
ic_workflow *ic_exchange_workflow(ic_exchange *x, unsigned status, bool any_id);

/* The role that every workflow has in addition to those of its design. */
#define IC_OWNER_ROLE "Workflow Owner"

/* Each returns a new tree, NULL or spoiled (build.h) when out of memory. */

/* `hydrate`: includes the attributes of entities. */
cJSON *ic_workflow_view(const ic_company *company, const ic_workflow *workflow, bool hydrate);
/* The approvers: [{id, displayName, assignees: [{userName, userId, email}]}] */
cJSON *ic_roles_view(const ic_workflow *workflow);
cJSON *ic_document_view(const ic_company *company, const ic_workflow *workflow, const ic_document *document);
/* The author of a comment or a document; NULL: Ironclad itself. */
cJSON *ic_author_view(const ic_company *company, const ic_user *user);

#endif
