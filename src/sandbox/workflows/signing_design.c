#include "sandbox/workflows/signing_design.h"
#include "core/base/alloc.h"

void ic_signing_design_free(ic_signing_design *design) {
    if (!design) return;
    for (size_t i = 0; i < design->signer_count; i++) {
        ic_free(design->signers[i].role_name);
        ic_free(design->signers[i].name_attribute);
        ic_free(design->signers[i].email_attribute);
    }
    ic_free(design->signers);
    ic_free(design);
}

void ic_signing_hand_over(ic_signing_design *design, const ic_user *leaving, ic_user *successor) {
    for (size_t i = 0; design && i < design->signer_count; i++)
        if (design->signers[i].user == leaving) design->signers[i].user = successor;
}
