/* The beginning of the Archive step, and the workflows for which something is due later. */
#ifndef IC_SANDBOX_ARCHIVE_BEGIN_H
#define IC_SANDBOX_ARCHIVE_BEGIN_H

#include "sandbox/workflows/workflow.h"

/* Moves a signed workflow to the Archive step, which ends after company->job_seconds and makes a record
 * (archive.h). false: no memory. */
bool ic_workflow_archive(ic_company *company, ic_workflow *workflow, ic_time time);
/* Registers a workflow with a scheduled packet or a running Archive step for ic_company_settle. false: no
 * memory. */
bool ic_company_await(ic_company *company, ic_workflow *workflow);

#endif
