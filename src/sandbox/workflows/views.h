/* How the API shows what the company holds. Each makes a new tree, NULL or spoiled (build.h) without memory.
 */
#ifndef IC_SANDBOX_VIEWS_H
#define IC_SANDBOX_VIEWS_H

#include "sandbox/company/company.h"

/* `hydrate`: with what is known of the entities that attributes name. */
cJSON *ic_workflow_view(const ic_company *company, const ic_workflow *workflow, bool hydrate);
/* [{id, displayName, assignees: [{userName, userId, email}]}] */
cJSON *ic_roles_view(const ic_workflow *workflow);
cJSON *ic_document_view(const ic_company *company, const ic_workflow *workflow, const ic_document *document);
/* The author of a comment or a document. */
cJSON *ic_author_view(const ic_company *company, const ic_user *user);
/* `shape`: bits of how properties are shown. */
enum { IC_ADDRESS_AS_OBJECT = 1, IC_HYDRATE_ENTITIES = 2 };
cJSON *ic_record_view(const ic_company *company, const ic_record *record, unsigned shape);
/* What a link to a record shows: {recordId, readableId}. */
cJSON *ic_record_link_view(const ic_record *record);

/* An address object as the text that the API gives unless asked for the object. */
cJSON *ic_address_text(const cJSON *address);

#endif
