/* An action on a contract that has been done and can be undone. */
#ifndef IC_SANDBOX_CONTRACT_ACTION_H
#define IC_SANDBOX_CONTRACT_ACTION_H

#include "core/json/json.h"

/* The actions done to a record, latest first. */
typedef struct ic_contract_action {
    const char *name; /* static */
    cJSON *before;    /* the changed properties with their old values; null: did not exist */
    struct ic_contract_action *earlier;
} ic_contract_action;

void ic_contract_actions_free(ic_contract_action *last);

#endif
