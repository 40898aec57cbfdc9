/* A contract, as a thing of its list. */
#ifndef IC_SANDBOX_CLICKWRAP_CONTRACT_H
#define IC_SANDBOX_CLICKWRAP_CONTRACT_H

#include "sandbox/clickwrap/clickwrap.h"

/* A new contract without versions, as ic_cw_new. */
cJSON *ic_cw_new_contract(ic_company *company, const char *key, const char *title);
/* Puts a new contract and its first version, a draft, into their lists. NULL: no memory, and both are freed.
 */
cJSON *ic_cw_keep_contract(ic_company *company, cJSON *contract, cJSON *version);

#endif
