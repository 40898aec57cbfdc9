/* The bridge to the contract lifecycle management: acceptances that appear there as records. */
#ifndef IC_SANDBOX_CLICKWRAP_SYNC_H
#define IC_SANDBOX_CLICKWRAP_SYNC_H

#include "sandbox/clickwrap/clickwrap.h"

/* Makes a record of each of the activities that accepts a contract with `clm_record_sync`, unless it is of
 * test mode. false: no memory, and there is no new record. */
bool ic_cw_sync(ic_company *company, const cJSON *activities);

#endif
