/* Turns: whether a workflow waits for the company or for the counterparty. */
#ifndef IC_SANDBOX_TURNS_H
#define IC_SANDBOX_TURNS_H

#include "sandbox/workflows/workflow.h"

typedef struct ic_turn {
    bool counterparty;
    const char *location; /* what started it; static */
    const ic_user *user;
    ic_time start;
} ic_turn;

/* Starts a turn and ends the one before. Does nothing when it is already that side's turn. The first turn is
 * the company's, from the launch on, and is not stored. `location` is static. false: no memory. */
bool ic_turn_begin(ic_workflow *workflow, bool counterparty, const char *location, const ic_user *user,
                   ic_time time);
/* Whose turn it is: "internal" or "counterparty"; "not tracked" during the first turn. Static.
 */
const char *ic_turn_party(const ic_workflow *workflow);

#endif
