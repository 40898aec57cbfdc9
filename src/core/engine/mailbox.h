/* A mailbox: where one Lua state hears from the engine. One queue of calls with notices and one descriptor
 * that is readable while the queue holds any; the queue towards the engine is the engine's own (engine.h). */
#ifndef IC_MAILBOX_H
#define IC_MAILBOX_H

#include "core/base/error.h"
#include <stdbool.h>

typedef struct ic_mailbox ic_mailbox;
typedef struct ic_call ic_call;

/* One owner. NULL with IO (descriptors) or MEMORY. */
ic_mailbox *ic_mailbox_new(ic_error *error);
void ic_mailbox_retain(ic_mailbox *mailbox);
void ic_mailbox_release(ic_mailbox *mailbox);
/* No notice arrives any more; those that wait are dropped. Its owner closes it before giving it back: calls
 * in its queue and the mailbox hold each other. */
void ic_mailbox_close(ic_mailbox *mailbox);

/* Readable while a notice waits. Belongs to the mailbox. -1 after closing, and in a forked child. */
int ic_mailbox_descriptor(const ic_mailbox *mailbox);
/* False in a child of the process that made it: nothing of the mailbox may then be touched but its memory. */
bool ic_mailbox_is_ours(const ic_mailbox *mailbox);
/* The next call with a notice, owned by the caller now, and the notices; NULL when none waits. */
ic_call *ic_mailbox_take(ic_mailbox *mailbox, unsigned *notices);
/* Waits until the descriptor is readable: 1; 0 after `seconds` (negative: no limit); -1 when a signal came
 * first (its handler may want to run Lua). */
int ic_mailbox_wait(const ic_mailbox *mailbox, double seconds);

/* Whether a state that ends now would lose a token that is being fetched for its store. */
bool ic_mailbox_owes(ic_mailbox *mailbox);

/* Whether a question waits in the queue (keeper.h). */
bool ic_mailbox_asks(ic_mailbox *mailbox);

/* The engine's side. */
/* False: nobody will hear of it. */
bool ic_mailbox_post(ic_mailbox *mailbox, ic_call *call, unsigned notices);
/* Counts the refreshes whose successors only this Lua state can keep: +1 before one is sent, -1 when it is
 * kept or lost. */
void ic_mailbox_owe(ic_mailbox *mailbox, int change);
void ic_mailbox_lock(ic_mailbox *mailbox);
void ic_mailbox_unlock(ic_mailbox *mailbox);

#endif
