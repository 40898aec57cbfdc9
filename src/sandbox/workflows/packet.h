/* The signature packet of a workflow, from the Sign step on. */
#ifndef IC_SANDBOX_PACKET_H
#define IC_SANDBOX_PACKET_H

#include "sandbox/company/people.h"
#include "sandbox/workflows/document.h"
#include "sandbox/workflows/signing_design.h"

/* X(constant, name) */
#define IC_SIGNATURES(X)                                                                                     \
    X(PENDING, "pending") X(SENT, "sent") X(VIEWED, "viewed") X(SIGNED, "signed") X(DECLINED, "declined")
#define X(constant, name) IC_SIGNATURE_##constant,
typedef enum ic_signature { IC_SIGNATURES(X) IC_SIGNATURE_COUNT } ic_signature;
#undef X
extern const char *const ic_signature_names[IC_SIGNATURE_COUNT];

typedef struct ic_signer {
    char *role_name, *name, *email;
    ic_user *user; /* NULL: not a user of the company */
    ic_signature signature;
    bool wet;         /* signed on paper, and uploaded */
    ic_time changed;  /* when the signature last changed */
    ic_time reminded; /* IC_TIME_NONE: not yet */
} ic_signer;

typedef struct ic_packet {
    const ic_signing_design *design;
    ic_array signers; /* ic_signer, in signing order; owned */
    bool sent;
    ic_time notify_at;  /* when it is scheduled to be sent; IC_TIME_NONE: not scheduled */
    int reminder_days;  /* before that; 0: no reminder */
    ic_document *copy;  /* the signed copy so far, one of the workflow's documents; NULL: none yet */
    ic_time archive_at; /* when the Archive step ends; IC_TIME_NONE: not begun */
} ic_packet;

void ic_packet_free(ic_packet *packet); /* or NULL */
void ic_signer_free(ic_signer *signer);
ic_signer *ic_packet_signer(const ic_packet *packet, const char *role_name);
/* Whether every signer has signed, and there is one. */
bool ic_packet_is_signed(const ic_packet *packet);
/* Replaces the person who signs. false: no memory, and nothing has changed. */
bool ic_signer_set(ic_signer *signer, const char *name, const char *email, ic_user *user);
/* Removes the signer from the packet and frees it. */
void ic_packet_remove(ic_packet *packet, ic_signer *signer);
/* After a user has left: the successor signs what is not signed yet. `packet` may be NULL. */
void ic_packet_hand_over(ic_packet *packet, const ic_user *leaving, ic_user *successor);

#endif
