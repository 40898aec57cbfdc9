/* Recording what signers do. */
#ifndef IC_SANDBOX_CLICKWRAP_SEND_H
#define IC_SANDBOX_CLICKWRAP_SEND_H

#include "sandbox/clickwrap/clickwrap.h"

/* A copy of the signer with that id (ic_cw_edit), or a new one with these custom data. NULL or spoiled when
 * out of memory. */
cJSON *ic_cw_signer_edit(ic_company *company, const char *id, const cJSON *custom, bool test);
/* Sets a new or copied signer's own fields from custom data; other members go to `additional_attributes`. */
void ic_cw_signer_set(ic_company *company, cJSON *signer, const cJSON *data);
/* Gives the copy to its signer, or puts a new one into the list. NULL: no memory, and nothing is changed. */
cJSON *ic_cw_signer_keep(ic_company *company, cJSON *copy);

/* Stores an action: one activity for each of the versions in `.versions`, and one without a version where
 * there are none. The other members are parameters of the Activity API under their short names. false: no
 * memory, and nothing is stored. */
bool ic_cw_send_store(ic_company *company, const cJSON *params);
/* Stores what /send has received and what is due. */
void ic_cw_send_settle(ic_company *company);

#endif
