/* The company's directory: its people and their groups. */
#ifndef IC_SANDBOX_DIRECTORY_H
#define IC_SANDBOX_DIRECTORY_H

#include "sandbox/company/company.h"

typedef struct ic_group {
    ic_uuid id;
    char *name;
    char *external_id; /* NULL: none */
    ic_array members;  /* ic_user */
    bool admins;       /* its members administer the company */
} ic_group;

/* A user with an id and all rights, not yet in the company. NULL: no memory. */
ic_user *ic_user_new(ic_company *company, const char *email);
void ic_user_free(ic_user *user);
/* Their name as it is shown: `given`, or NULL for one made of first and last name. false: no memory. */
bool ic_user_set_display_name(ic_user *user, const char *given);
/* Takes the user over; false: no memory, and it stays the caller's. */
bool ic_company_add_user(ic_company *company, ic_user *user);
/* They act no more and belong to nothing any more; what is under way passes on to the first of the
 * administrators, or of all. What they did in the past keeps their name. They must not be the last user.
 * false: no memory, and nothing has changed. */
bool ic_company_remove_user(ic_company *company, ic_user *user);

ic_group *ic_group_new(ic_company *company, const char *name);
void ic_group_free(ic_group *group);
ic_group *ic_company_group(const ic_company *company, const char *id_or_name);
/* Those who administer the company; NULL: there is no such group. */
ic_group *ic_company_admins(const ic_company *company);

#endif
