/* Workflow designs, which the API calls templates. */
#ifndef IC_SANDBOX_DESIGN_H
#define IC_SANDBOX_DESIGN_H

#include "sandbox/company/people.h"
#include "sandbox/workflows/signing_design.h"

typedef struct ic_role_design {
    char *id, *display_name;
    ic_array assignees; /* ic_user */
} ic_role_design;

typedef struct ic_review_design {
    size_t role; /* index among the design's roles */
    int group;   /* from 1; groups review in order */
} ic_review_design;

typedef struct ic_template {
    ic_object_id id;
    char *name, *title; /* title: of its workflows; [attribute] stands for a value */
    cJSON *form;        /* the launch form: attribute -> {type, displayName, required, …} */
    char *shown;        /* the form as a workflow shows it, as JSON text */
    ic_role_design *roles;
    size_t role_count;
    ic_review_design *reviews;
    size_t review_count;
    ic_signing_design *signing; /* owned; NULL: nobody signs */
} ic_template;

/* By its id. NULL: not found. */
ic_template *ic_company_template(const ic_company *company, const char *id);
/* The index of a role in the design; role_count: none. */
size_t ic_template_role(const ic_template *template, const char *id);
/* Frees all designs of the company. Its workflows must have been freed. */
void ic_designs_free(ic_company *company);

#endif
