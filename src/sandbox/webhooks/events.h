/* The events that webhooks receive. */
#ifndef IC_SANDBOX_EVENTS_H
#define IC_SANDBOX_EVENTS_H

#include "sandbox/webhooks/outbox.h"

typedef struct ic_event {
    const char *name; /* as in the webhook documents */
    cJSON *payload;   /* its members beyond `event`, in alphabetical order; owned. NULL: no memory */
} ic_event;

/* Makes a delivery to each enabled webhook that wants the event, or only to `to`. Frees the payload. Without
 * memory, or without space in the outbox, none is made. Returns how many were made. */
size_t ic_event_emit(ic_company *company, const ic_event *event, const ic_webhook *to);

/* What an event can differ in from those of Ironclad. Members that are NULL or 0 change nothing. */
typedef struct ic_event_changes {
    const char *id, *body;               /* the header's event id; the whole body instead of the envelope */
    const char *company_id, *webhook_id; /* in the envelope */
    const char *algorithm;               /* of ic_signature_algorithm */
    bool hex;                            /* the signature's encoding */
    bool pretty;                         /* the body has white space; what is signed has none */
    const char *forgery;                 /* of signature.h */
} ic_event_changes;

/* Sends one event to one webhook at once. `event` is as above. Returns its delivery, owned by the outbox.
 * NULL: no memory or no space. */
const ic_delivery *ic_event_send(ic_company *company, const ic_event *event, const ic_webhook *to,
                                 const ic_event_changes *changes);

#endif
