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
#include "sandbox/webhooks/delivery.h"
#include <pthread.h>

#define IC_DELIVERY_RETRIES     10
#define IC_DELIVERY_FIRST_PAUSE ((ic_time)48 * 1000)
#define IC_DELIVERIES_MAX       10000 /* beyond it, and beyond the bytes, the oldest finished ones go; */
#define IC_DELIVERY_BYTES_MAX   ((size_t)64 * 1024 * 1024) /* without any, no more are made */
#define IC_DELIVERY_BODY_MAX    ((size_t)4 * 1024 * 1024)
#define IC_COPIES_MAX           100
#define IC_AT_ONCE_MAX          16

/* Which targets are sent to. */
typedef enum ic_delivery_targets {
    IC_TARGETS_LOCAL, /* 127.0.0.0/8, ::1, localhost and the names below it */
    IC_TARGETS_ANY,
    IC_TARGETS_NONE,
} ic_delivery_targets;

struct ic_sender; /* sender.h */
/* Called with the lock held: something may be due. */
typedef void ic_outbox_alarm(struct ic_sender *sender);

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
    ic_outbox_alarm *alarm;   /* NULL: nobody sends */
    struct ic_sender *sender; /* what it is called with */
} ic_outbox;

/* Gives the company an outbox. `lock` guards the company; `ca_file` is copied. false: no memory. */
bool ic_outbox_open(ic_company *company, pthread_mutex_t *lock, ic_delivery_targets targets,
                    const char *ca_file);
void ic_outbox_free(ic_company *company); /* without a sender */

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

/* `alarm` is called from now on; NULL: no more. With the lock. */
void ic_outbox_set_alarm(ic_company *company, ic_outbox_alarm *alarm, struct ic_sender *sender);
/* The next delivery to send now, which becomes SENDING; NULL: none. `next` gets the time of the first that is
 * due later (IC_TIME_NONE: none). */
ic_delivery *ic_outbox_take(ic_company *company, ic_time *next);
/* Records the result of an attempt: the status of the answer, or 0 and why there is none. The delivery may
 * have been removed. */
void ic_outbox_done(ic_company *company, uint64_t number, const char *webhook, unsigned status,
                    const char *error);

#endif
