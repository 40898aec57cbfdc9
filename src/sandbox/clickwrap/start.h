/* What the sandbox's Clickwrap starts with: a site, a group of two published contracts, and one of a draft.
 */
#ifndef IC_SANDBOX_CLICKWRAP_START_H
#define IC_SANDBOX_CLICKWRAP_START_H

#include "sandbox/clickwrap/clickwrap.h"

/* Fills the company's empty Clickwrap. false: no memory. */
bool ic_clickwrap_start(ic_company *company);
/* A new contract without versions, as ic_cw_new. */
cJSON *ic_cw_new_contract(ic_company *company, const char *key, const char *title);
/* Puts a new contract and its first version, a draft, into their lists. NULL: no memory, and both are freed.
 */
cJSON *ic_cw_keep_contract(ic_company *company, cJSON *contract, cJSON *version);
/* A new group, unpublished and without contracts, as ic_cw_new. */
cJSON *ic_cw_new_group(ic_company *company, const char *key, const char *name);
/* Adds a contract to a new group, or to a copy of one (ic_cw_edit). */
void ic_cw_group_add(cJSON *group, const cJSON *contract);
/* Publishes such a group. */
void ic_cw_group_publish(ic_company *company, cJSON *group);

#endif
