/* The steps of a workflow: Review, Sign, Archive, Complete. */
#ifndef IC_SANDBOX_LIFECYCLE_H
#define IC_SANDBOX_LIFECYCLE_H

#include "sandbox/workflows/workflow.h"

/* All is approved: on to the Sign step. false: no memory. */
bool ic_workflow_sign(ic_company *company, ic_workflow *workflow);
/* All is signed: on to the Archive step, which completes by itself after company->job_seconds and makes a
 * record. false: no memory. */
bool ic_workflow_archive(ic_company *company, ic_workflow *workflow, ic_time time);
/* Looks after a workflow whose packet or archive waits for a time. false: no memory. */
bool ic_company_await(ic_company *company, ic_workflow *workflow);
/* Does what is due by the company's clock: scheduled packets are sent, archived workflows complete, launches
 * in the background come through. */
void ic_company_settle(ic_company *company);

#endif
