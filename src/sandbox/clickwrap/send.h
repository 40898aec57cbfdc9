/* Recording what signers do. */
#ifndef IC_SANDBOX_CLICKWRAP_SEND_H
#define IC_SANDBOX_CLICKWRAP_SEND_H

#include "sandbox/clickwrap/clickwrap.h"

/* The signer with that id, made if there is none, with these custom data. NULL: no memory. */
cJSON *ic_cw_signer_of(ic_company *company, const char *id, const cJSON *custom, bool test, bool *made);
/* Sets a signer's own fields from custom data; other members go to `additional_attributes`. */
void ic_cw_signer_set(ic_company *company, cJSON *signer, const cJSON *data);

#endif
