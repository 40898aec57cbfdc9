/* Workflows as the API shows them. */
#ifndef IC_SANDBOX_WORKFLOW_VIEW_H
#define IC_SANDBOX_WORKFLOW_VIEW_H

#include "sandbox/http/exchange.h"
#include "sandbox/workflows/workflow.h"

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
