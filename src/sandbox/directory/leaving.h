/* What happens when a user leaves the company. */
#ifndef IC_SANDBOX_LEAVING_H
#define IC_SANDBOX_LEAVING_H

#include "sandbox/company/people.h"

/* Removes a user from the company. Their tokens end, and they leave all groups and roles. Work in progress is
 * reassigned to the first administrator or, without one, to the first user. History keeps their name. They
 * must not be the last user. false: no memory, and nothing has changed. */
bool ic_company_remove_user(ic_company *company, ic_user *user);

#endif
