/* Signing: who signs the contracts of a design, and the signature packet of a workflow from the Sign step on.
 */
#ifndef IC_SANDBOX_SIGNING_H
#define IC_SANDBOX_SIGNING_H

#include "sandbox/workflows/workflow.h"

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

/* After a user has left: the successor signs what is not signed yet. */
void ic_signing_hand_over(ic_signing_design *design, const ic_user *leaving, ic_user *successor);
void ic_packet_hand_over(ic_packet *packet, const ic_user *leaving, ic_user *successor);

/* Gives the workflow a new packet, not sent, instead of its current one. false: no memory. */
bool ic_packet_begin(ic_workflow *workflow);
void ic_packet_free(ic_packet *packet);
/* not_sent, sent, action_required or complete; static. */
const char *ic_packet_status(const ic_workflow *workflow);
ic_signer *ic_packet_signer(const ic_packet *packet, const char *role_name);
/* Replaces the person who signs. false: no memory, and nothing has changed. */
bool ic_signer_set(ic_signer *signer, const char *name, const char *email, ic_user *user);
/* Removes the signer from the packet and frees it. */
void ic_packet_remove(ic_packet *packet, ic_signer *signer);

/* Sends the packet to those who sign first. Its status must be not_sent. false: no memory. */
bool ic_packet_send(ic_company *company, ic_workflow *workflow, const ic_user *user, ic_time time);
/* Withdraws the packet. Electronic signatures no longer count. false: no memory. */
bool ic_packet_withdraw(ic_workflow *workflow, const ic_user *user, ic_time time);
/* After a signature: the next signer is asked, or the Archive step begins. false: no memory. */
bool ic_packet_proceed(ic_company *company, ic_workflow *workflow, ic_time time);
/* A signer views, signs or declines a packet that has been sent. Returns NULL, or why that is impossible
 * (static; "": no memory). */
const char *ic_packet_sign(ic_company *company, ic_workflow *workflow, ic_signer *signer,
                           ic_signature signature);

#endif
