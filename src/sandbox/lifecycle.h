/* The states of a workflow: Review, Sign, Archive, Complete; active, paused, cancelled, completed. */
#ifndef IC_SANDBOX_LIFECYCLE_H
#define IC_SANDBOX_LIFECYCLE_H

#include "world.h"

/* All is approved: the workflow goes on to the Sign step. false: no memory. */
bool ic_workflow_sign(ic_world *world, ic_workflow *workflow);

#endif
