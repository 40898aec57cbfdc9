/* The company's people and their groups. */
#ifndef IC_SANDBOX_PEOPLE_H
#define IC_SANDBOX_PEOPLE_H

#include "sandbox/company/company.h"

/* Bits of ic_user.rights. */
enum { IC_MAY_LAUNCH = 1, IC_MAY_EDIT_RECORDS = 2 };

typedef struct ic_user {
    ic_object_id id;
    char *email, *first_name, *last_name, *display_name, *title; /* none is NULL */
    cJSON *profile; /* what only SCIM shows, in its form: nickName, externalId, extensions; NULL: nothing */
    ic_time created, updated;
    unsigned rights;
} ic_user;

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
/* Sets the display name: `given`, or with NULL the first and last name. false: no memory. */
bool ic_user_set_display_name(ic_user *user, const char *given);
/* By id or e-mail; ignores case. NULL: not found. */
ic_user *ic_company_user(const ic_company *company, const char *id_or_email);
/* Takes ownership of the user. false: no memory, and the caller keeps it. */
bool ic_company_add_user(ic_company *company, ic_user *user);
ic_group *ic_group_new(ic_company *company, const char *name);
void ic_group_free(ic_group *group);
ic_group *ic_company_group(const ic_company *company, const char *id_or_name);
/* The group that administers the company. NULL: none. */
ic_group *ic_company_admins(const ic_company *company);

/* Frees all users and groups of the company. */
void ic_people_free(ic_company *company);

#endif
