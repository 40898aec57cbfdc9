/* One event to one webhook, or one request to a signature provider. */
#ifndef IC_SANDBOX_DELIVERY_H
#define IC_SANDBOX_DELIVERY_H

#include "sandbox/company/company.h"
#include "sandbox/webhooks/webhook.h"

/* Between the parts of the body of a request to a signature provider. */
#define IC_PROVIDER_BOUNDARY "ironclad-sandbox"

/* X(constant, name, whether something may still be sent) */
#define IC_DELIVERY_STATES(X)                                                                                \
    X(PENDING, "pending", true)      /* waits for its time, or for its turn */                               \
    X(HELD, "held", true)            /* waits for release_deliveries */                                      \
    X(SENDING, "sending", true)      /* being sent now */                                                    \
    X(DELIVERED, "delivered", false) /* answered with a 2xx */                                               \
    X(FAILED, "failed", false)       /* after the last retry, or answered with 410 */                        \
    X(DROPPED, "dropped", false)     /* its webhook was disabled or deleted */                               \
    X(NOT_SENT, "not_sent", false)   /* its target is not on this machine */
#define X(constant, name, open) IC_DELIVERY_##constant,
typedef enum ic_delivery_state { IC_DELIVERY_STATES(X) IC_DELIVERY_STATE_COUNT } ic_delivery_state;
#undef X
extern const char *const ic_delivery_state_names[IC_DELIVERY_STATE_COUNT];

typedef struct ic_delivery {
    uint64_t number; /* of its place in the list */
    ic_delivery_state state;
    char *event_id, *event, *target, *body; /* owned */
    ic_object_id webhook;
    char nonce[33];
    const char *algorithm;  /* static: as in the verification header, "sha256" */
    bool hex;               /* the signature's encoding; otherwise base64 */
    char *signed_body;      /* what is signed instead of the body; NULL: the body. Owned */
    char *verification;     /* the header of that name; NULL: not signed yet. Owned */
    bool fixed;             /* it stays as it is: a forged header, or "" for none */
    unsigned key;           /* number of the key that signed it */
    bool clickwrap, by_get; /* as of its webhook; then there is no signature */
    char *token;            /* as of its webhook; NULL: none. Owned */
    const char *method;     /* static: of a request to a signature provider. NULL: it is an event */
    bool at_once;           /* does not wait for the webhook's other deliveries */
    ic_time due;            /* when it is sent next */
    unsigned attempts;
    unsigned status; /* of the last answer; 0: none came */
    char *error;     /* why none came; NULL otherwise. Owned */
} ic_delivery;

/* A delivery that is not in the outbox yet, with the default signature. Copies its arguments; a NULL id makes
 * a new one. NULL: no memory. */
ic_delivery *ic_delivery_new(ic_company *company, const ic_webhook *webhook, const char *event,
                             const char *id, const char *body);
/* A new delivery of the same event, not sent yet. NULL: no memory. */
ic_delivery *ic_delivery_copy(const ic_delivery *source);
void ic_delivery_free(ic_delivery *delivery);
/* Whether something may still be sent. */
bool ic_delivery_is_open(const ic_delivery *delivery);
/* The content type of its body, and the name of the header that `verification` is for. Static. */
const char *ic_delivery_type(const ic_delivery *delivery);
const char *ic_delivery_header(const ic_delivery *delivery);

#endif
