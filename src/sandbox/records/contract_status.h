/* The status of a contract: computed from its dates, its renewal and the clock. */
#ifndef IC_SANDBOX_CONTRACT_STATUS_H
#define IC_SANDBOX_CONTRACT_STATUS_H

#include "sandbox/records/record.h"

/* X(constant, base status, enhanced status). Bits, so that an action can list the states it starts from. */
#define IC_CONTRACT_STATES(X)                                                                                \
    X(UNKNOWN, "indeterminate", "unknown")                                                                   \
    X(ACTIVATING, "inactive", "activating")                                                                  \
    X(ACTIVE, "active", "active")                                                                            \
    X(EVERGREEN, "active", "evergreen")                                                                      \
    X(AUTO_RENEWING, "active", "auto-renewing")                                                              \
    X(EXPIRING, "active", "expiring")                                                                        \
    X(EXTENDING, "active", "extending")                                                                      \
    X(TERMINATING, "active", "terminating")                                                                  \
    X(SUPERSEDING, "active", "superseding")                                                                  \
    X(EXPIRED, "inactive", "inactive")                                                                       \
    X(TERMINATED, "inactive", "inactive")                                                                    \
    X(SUPERSEDED, "inactive", "inactive")

#define X(constant, base, enhanced) IC_CONTRACT_NUMBER_##constant,
enum { IC_CONTRACT_STATES(X) IC_CONTRACT_STATE_COUNT };
#undef X
#define X(constant, base, enhanced) IC_CONTRACT_##constant = 1 << IC_CONTRACT_NUMBER_##constant,
typedef enum ic_contract_state { IC_CONTRACT_STATES(X) } ic_contract_state;
#undef X

typedef struct ic_contract_status {
    ic_contract_state state;
    ic_time event;   /* when the state began, or when the announced change happens; IC_TIME_NONE: never */
    ic_time expires; /* IC_TIME_NONE: never */
} ic_contract_status;

ic_contract_status ic_contract_status_of(const ic_company *company, const ic_record *record);
/* Whether the record has any property that its status depends on. */
bool ic_contract_is_known(const ic_record *record);
/* The contractStatus of a record. */
cJSON *ic_contract_status_view(const ic_company *company, const ic_record *record);
/* "auto-renewing" and so on. */
const char *ic_contract_state_name(ic_contract_state state);

#endif
