/* The versions of contracts. */
#ifndef IC_SANDBOX_CLICKWRAP_VERSION_H
#define IC_SANDBOX_CLICKWRAP_VERSION_H

#include "sandbox/clickwrap/clickwrap.h"

/* The published version of a contract; NULL: none is. */
cJSON *ic_cw_published(const ic_clickwrap *clickwrap, const cJSON *contract);
cJSON *ic_cw_latest(const ic_clickwrap *clickwrap, const cJSON *contract);
/* Sets the numbers of a draft, or of its copy (ic_cw_edit): a major version begins a new number, a minor one
 * follows the version before it. The first version is major. */
void ic_cw_draft_number(const ic_clickwrap *clickwrap, cJSON *draft, bool major);
/* A new draft of a contract, whose numbers follow those of the latest version; as ic_cw_new. */
cJSON *ic_cw_draft(ic_company *company, const cJSON *contract, bool major);
/* Puts a draft into the list, as the contract's latest version. NULL: no memory, and it is freed. */
cJSON *ic_cw_draft_keep(ic_company *company, cJSON *contract, cJSON *draft);

#endif
