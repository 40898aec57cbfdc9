/* The steps of a workflow: Review, Sign, Archive, Complete. */
#ifndef IC_SANDBOX_LIFECYCLE_H
#define IC_SANDBOX_LIFECYCLE_H

#include "sandbox/company/company.h"

/* All is approved: on to the Sign step. false: no memory. */
bool ic_workflow_sign(ic_world *world, ic_workflow *workflow);
/* All is signed: on to the Archive step, which completes by itself after world->job_seconds and makes a
 * record. false: no memory. */
bool ic_workflow_archive(ic_world *world, ic_workflow *workflow, ic_time time);
/* Looks after a workflow whose packet or archive waits for a time. false: no memory. */
bool ic_world_await(ic_world *world, ic_workflow *workflow);
/* Does what is due by the world's clock: scheduled packets are sent, archived workflows complete, launches in
 * the background come through. */
void ic_world_settle(ic_world *world);

#endif
