/* A mailbox: a thread-safe queue from the engine to one Lua state. It queues nodes that are part of a
 * larger object, so that posting needs no memory. Once it has been asked for its descriptor, that is readable
 * while the queue holds a node. It does not know which objects the nodes belong to. Functions may be called
 * from any thread, unless said otherwise. */
#ifndef IC_MAILBOX_H
#define IC_MAILBOX_H

#include "core/base/error.h"
#include <stdatomic.h>
#include <stdbool.h>

typedef struct ic_mailbox ic_mailbox;

/* Must be zeroed before its first use. After that, only the mailbox changes it. A node belongs to one
 * mailbox. */
typedef struct ic_mailbox_node {
    struct ic_mailbox_node *next;
    atomic_uint notices; /* bits: posted and not taken yet */
} ic_mailbox_node;

/* How a mailbox retains and drops its nodes. Neither function may post to the mailbox. */
typedef struct ic_mailbox_hooks {
    /* The queue holds the node from now on. Called with the mailbox locked. */
    void (*retain)(ic_mailbox_node *node);
    /* The mailbox is closed and the node will not be taken: undoes retain. */
    void (*drop)(ic_mailbox_node *node, unsigned notices);
    unsigned urgent; /* bits: notices that ic_mailbox_is_urgent asks about */
} ic_mailbox_hooks;

/* A mailbox with one owner. `hooks` must outlive it. NULL with IO (no descriptors left) or MEMORY.
 * ic_process_prepare must have been called. */
ic_mailbox *ic_mailbox_new(const ic_mailbox_hooks *hooks, ic_error *error);
void ic_mailbox_retain(ic_mailbox *mailbox);
void ic_mailbox_release(ic_mailbox *mailbox); /* NULL is allowed */
/* Drops what is in the queue and refuses what is posted later. Its owner closes a mailbox before releasing
 * it: nodes in the queue and the mailbox may retain each other. */
void ic_mailbox_close(ic_mailbox *mailbox);

/* False in a child of the process that made it: there, the mailbox may only be released. */
bool ic_mailbox_is_ours(const ic_mailbox *mailbox);

/* The sender's side. */

/* Adds notices to the node and puts it into the queue unless it is there. False: the mailbox is closed or
 * another process's, and the node will not be taken. */
bool ic_mailbox_post(ic_mailbox *mailbox, ic_mailbox_node *node, unsigned notices);
/* The mailbox's lock also guards what sender and reader share of its nodes' objects. It must be held only
 * briefly. */
void ic_mailbox_lock(ic_mailbox *mailbox);
void ic_mailbox_unlock(ic_mailbox *mailbox);
/* Counts the work whose result only the mailbox's reader can save: +1 when it begins, -1 when the result
 * is saved or lost. */
void ic_mailbox_add_unsaved(ic_mailbox *mailbox, int change);
/* Whether an urgent notice waits in the queue. */
bool ic_mailbox_is_urgent(ic_mailbox *mailbox);

/* The reader's side. */

/* Takes the oldest node out of the queue, with its notices. The queue's reference goes to the caller, who
 * must undo `retain`. NULL: the queue is empty. */
ic_mailbox_node *ic_mailbox_take(ic_mailbox *mailbox, unsigned *notices);
/* Takes that node, as ic_mailbox_take does, if nothing else is in the queue and it has these notices. */
bool ic_mailbox_take_only(ic_mailbox *mailbox, ic_mailbox_node *node, unsigned notices);
/* As ic_mailbox_take, but a node with an urgent notice stays in the queue: then NULL, with its notices. */
ic_mailbox_node *ic_mailbox_take_unless_urgent(ic_mailbox *mailbox, unsigned *notices);
/* Readable while the queue holds a node. Owned by the mailbox; for polling only. -1: closed, or in a forked
 * child. The pipe is written to only after the first call, because most scripts never need the descriptor. */
int ic_mailbox_descriptor(ic_mailbox *mailbox);
/* Waits until the queue holds a node: 1; 0: `seconds` have passed (negative: no limit); -1: a signal came
 * (its handler may have to run). */
int ic_mailbox_wait(ic_mailbox *mailbox, double seconds);
bool ic_mailbox_is_empty(ic_mailbox *mailbox);
/* Whether something would be lost if the reader ended now (ic_mailbox_add_unsaved). */
bool ic_mailbox_has_unsaved(ic_mailbox *mailbox);

#endif
