/* The outbox: the deliveries of events to webhooks, the result of each, and when it is sent (again). sender.h
 * sends them. Everything here needs the sandbox's lock.
 *
 * A delivery is sent at most 1 + IC_DELIVERY_RETRIES times. The pause before the first retry is
 * IC_DELIVERY_FIRST_PAUSE by the sandbox's clock, and doubles: 10 retries within 13.6 hours, as Ironclad's
 * page "Webhooks" (2026-08-26) says. It does not give the pauses; these fit its numbers. A request to a
 * signature provider (provider.h) is a delivery too, and is sent once. */
#ifndef IC_SANDBOX_OUTBOX_H
#define IC_SANDBOX_OUTBOX_H

#include "sandbox/company/company.h"
#include "sandbox/webhooks/webhooks.h"
#include <pthread.h>

#define IC_DELIVERY_RETRIES     10
#define IC_DELIVERY_FIRST_PAUSE ((ic_time)48 * 1000)
#define IC_DELIVERIES_MAX       10000 /* beyond it, and beyond the bytes, the oldest finished ones go; */
#define IC_DELIVERY_BYTES_MAX   ((size_t)64 * 1024 * 1024) /* without any, no more are made */
#define IC_DELIVERY_BODY_MAX    ((size_t)4 * 1024 * 1024)
#define IC_COPIES_MAX           100
#define IC_AT_ONCE_MAX          16

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
    char *token;            /* likewise; owned */
    const char *method;     /* static: of a request to a signature provider. NULL: it is an event */
    bool at_once;           /* does not wait for the webhook's other deliveries */
    ic_time due;            /* when it is sent next */
    unsigned attempts;
    unsigned status; /* of the last answer; 0: none came */
    char *error;     /* why none came; NULL otherwise. Owned */
} ic_delivery;

/* Which targets are sent to. */
typedef enum ic_delivery_targets {
    IC_TARGETS_LOCAL, /* 127.0.0.0/8, ::1, localhost and the names below it */
    IC_TARGETS_ANY,
    IC_TARGETS_NONE,
} ic_delivery_targets;

typedef struct ic_outbox {
    ic_array items; /* ic_delivery, by number: in the order in which they are sent first */
    size_t open;    /* index before which all are finished */
    size_t bytes;   /* of all bodies */
    size_t refused; /* how many deliveries were not made for lack of space */
    uint64_t last_number;
    unsigned key;        /* how many times the company's key has been replaced */
    EVP_PKEY *other_key; /* for forgeries; NULL until first needed */
    size_t sending;
    bool held;
    double delay; /* seconds by the sandbox's clock between an event and its delivery */
    unsigned copies, at_once;
    ic_delivery_targets targets;
    char *ca_file;            /* of https targets; NULL: the system's. Owned */
    pthread_mutex_t *lock;    /* the sandbox's */
    struct ic_sender *sender; /* NULL: not started yet */
    bool stopped;
} ic_outbox;

/* Gives the company an outbox. `lock` guards the company; `ca_file` is copied. false: no memory. */
bool ic_outbox_open(ic_company *company, pthread_mutex_t *lock, ic_delivery_targets targets,
                    const char *ca_file);
/* Stops the sender. The caller does not hold the lock. */
void ic_outbox_stop(ic_company *company);
void ic_outbox_free(ic_company *company); /* stopped */

/* A delivery that is not in the outbox yet, with the default signature. Copies its arguments; a NULL id makes
 * a new one. NULL: no memory. */
ic_delivery *ic_delivery_new(ic_company *company, const ic_webhook *webhook, const char *event,
                             const char *id, const char *body);
void ic_delivery_free(ic_delivery *delivery);
/* The content type of its body, and the name of the header that `verification` is for. Static. */
const char *ic_delivery_type(const ic_delivery *delivery);
const char *ic_delivery_header(const ic_delivery *delivery);
/* Takes ownership of the delivery: it is sent when the rules (held, delay, copies) allow. With `now`, it is
 * sent at once and once, whatever they say. false: no memory or no space, and it is freed. */
bool ic_outbox_add(ic_company *company, ic_delivery *delivery, bool now);
/* Sends a delivery `times` more times. false: no memory or no space. */
bool ic_outbox_repeat(ic_company *company, const ic_delivery *delivery, size_t times, bool at_once);
/* The newest delivery of an event. NULL: none. */
ic_delivery *ic_outbox_find(const ic_company *company, const char *event_id);
/* Releases held deliveries: all of them, the last one first if `reverse`; or those of the events in the list
 * `ids`, in its order. Returns how many. */
size_t ic_outbox_release(ic_company *company, const cJSON *ids, bool reverse);
/* Drops the deliveries to a webhook that has been disabled or deleted. */
void ic_outbox_drop(ic_company *company, const ic_webhook *webhook);
/* Removes all deliveries, also those that are still to be sent. */
void ic_outbox_clear(ic_company *company);
/* The time may have changed: the sender checks again what is due. */
void ic_outbox_wake(ic_company *company);

/* --- for the sender --- */

/* The next delivery to send now, which becomes SENDING; NULL: none. `next` gets the time of the first that is
 * due later (IC_TIME_NONE: none). */
ic_delivery *ic_outbox_take(ic_company *company, ic_time *next);
/* Records the result of an attempt: the status of the answer, or 0 and why there is none. The delivery may
 * have been removed. */
void ic_outbox_done(ic_company *company, uint64_t number, const char *webhook, unsigned status,
                    const char *error);

/* --- for controls --- */

/* The deliveries as an array. NULL or spoiled (build.h) when out of memory. */
cJSON *ic_outbox_view(ic_company *company);
/* How many there are in each state, whether all that is due has been sent, and when the next retry is due. */
cJSON *ic_outbox_status(ic_company *company);

#endif
