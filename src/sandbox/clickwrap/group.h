/* A group of contracts. */
#ifndef IC_SANDBOX_CLICKWRAP_GROUP_H
#define IC_SANDBOX_CLICKWRAP_GROUP_H

#include "sandbox/clickwrap/clickwrap.h"

/* A new group, unpublished and without contracts, as ic_cw_new. */
cJSON *ic_cw_new_group(ic_company *company, const char *key, const char *name);
/* Adds a contract to a new group, or to a copy of one (ic_cw_edit). */
void ic_cw_group_add(cJSON *group, const cJSON *contract);
/* Publishes such a group. */
void ic_cw_group_publish(ic_company *company, cJSON *group);
/* A group's contracts that have a published version, as an array of references; free with cJSON_Delete. */
cJSON *ic_cw_group_contracts(const ic_clickwrap *clickwrap, const cJSON *group);

#endif
