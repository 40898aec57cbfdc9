/* Who signs the contracts of a design. */
#ifndef IC_SANDBOX_SIGNING_DESIGN_H
#define IC_SANDBOX_SIGNING_DESIGN_H

#include "sandbox/company/people.h"
#include "sandbox/records/record.h"

typedef struct ic_signer_design {
    char *role_name;
    ic_user *user; /* who signs for the company; NULL: the counterparty signs */
    char *name_attribute,
        *email_attribute; /* of the launch form: who the counterparty's signer is; NULL: not in the form */
} ic_signer_design;

typedef struct ic_signing_design {
    const char *provider; /* static */
    bool sequential;      /* one signer after the other */
    const ic_record_type *record_type;
    ic_signer_design *signers;
    size_t signer_count;
} ic_signing_design;

void ic_signing_design_free(ic_signing_design *design); /* or NULL */
/* After a user has left: the successor signs. */
void ic_signing_hand_over(ic_signing_design *design, const ic_user *leaving, ic_user *successor);

#endif
