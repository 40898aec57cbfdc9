/* The company's account of Clickwrap as a whole. */
#ifndef IC_SANDBOX_CLICKWRAP_ACCOUNT_H
#define IC_SANDBOX_CLICKWRAP_ACCOUNT_H

#include "sandbox/clickwrap/clickwrap.h"

/* The company's Clickwrap, made when it is first needed. NULL: no memory. */
ic_clickwrap *ic_clickwrap_of(ic_company *company);
void ic_clickwrap_free(ic_company *company);
/* Brings it to the current time: stores what has been received, and ends signature requests. */
void ic_clickwrap_settle(ic_company *company);

#endif
