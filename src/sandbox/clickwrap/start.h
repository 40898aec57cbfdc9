/* What the sandbox's Clickwrap starts with: a site, a group of two published contracts, and one of a draft.
 */
#ifndef IC_SANDBOX_CLICKWRAP_START_H
#define IC_SANDBOX_CLICKWRAP_START_H

#include "sandbox/clickwrap/clickwrap.h"

/* Fills the company's empty Clickwrap. false: no memory. */
bool ic_clickwrap_start(ic_company *company);
/* A new contract with its first version, a draft. `body` is HTML. NULL: no memory. */
cJSON *ic_cw_new_contract(ic_company *company, const char *key, const char *title, const char *body);
/* A new group, unpublished and without contracts. NULL: no memory. */
cJSON *ic_cw_new_group(ic_company *company, const char *key, const char *name);
/* Adds a contract to a group. */
void ic_cw_group_add(cJSON *group, const cJSON *contract);
void ic_cw_group_publish(ic_company *company, cJSON *group);

#endif
