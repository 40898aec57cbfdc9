/* What the sandbox's Clickwrap starts with: a site, a group of two published contracts, and one of a draft.
 */
#ifndef IC_SANDBOX_CLICKWRAP_START_H
#define IC_SANDBOX_CLICKWRAP_START_H

#include "sandbox/clickwrap/clickwrap.h"

/* Fills the company's empty Clickwrap. false: no memory. */
bool ic_clickwrap_start(ic_company *company);

#endif
