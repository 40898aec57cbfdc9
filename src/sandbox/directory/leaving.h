/* What happens when somebody leaves the company. */
#ifndef IC_SANDBOX_LEAVING_H
#define IC_SANDBOX_LEAVING_H

#include "sandbox/company/people.h"

/* They act no more and belong to nothing any more; what is under way passes on to the first of the
 * administrators, or of all. What they did in the past keeps their name. They must not be the last user.
 * false: no memory, and nothing has changed. */
bool ic_company_remove_user(ic_company *company, ic_user *user);

#endif
