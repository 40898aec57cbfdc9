/* The steps of a workflow: Review, Sign, Archive, Complete. */
#ifndef IC_SANDBOX_LIFECYCLE_H
#define IC_SANDBOX_LIFECYCLE_H

#include "sandbox/workflows/workflow.h"

/* Moves an approved workflow to the Sign step. false: no memory. */
bool ic_workflow_sign(ic_company *company, ic_workflow *workflow);
/* Moves a signed workflow to the Archive step, which ends after company->job_seconds and makes a record.
 * false: no memory. */
bool ic_workflow_archive(ic_company *company, ic_workflow *workflow, ic_time time);
/* Registers a workflow with a scheduled packet or a running Archive step for ic_company_settle. false: no
 * memory. */
bool ic_company_await(ic_company *company, ic_workflow *workflow);
/* Does everything that is due by the company's clock: sends scheduled packets, completes archived workflows,
 * asynchronous launches and predictions. */
void ic_company_settle(ic_company *company);

#endif
