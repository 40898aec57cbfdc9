/* One token entry: a token, the calls that wait for it, and the state of the work that gets it. The engine's
 * thread only. */
#ifndef IC_TOKEN_ENTRY_H
#define IC_TOKEN_ENTRY_H

#include "core/auth/token_state.h"
#include "core/base/digest.h"
#include "core/engine/list.h"
#include "core/engine/store_worker.h"

typedef struct ic_token_entry {
    ic_table_node node;
    struct ic_token_entry *next;
    char *key;     /* owned */
    long users;    /* clients */
    double used;   /* when its token was last sent; ic_now's seconds */
    double looked; /* when the store was last checked; ic_now's seconds */
    bool persists; /* a store has its token */
    /* Its options are used to reach the store and the token endpoint; retained. NULL when no work is under
     * way, unless a token still has to be saved. */
    ic_connection *connection;
    ic_token_state state;
    ic_store_worker worker;
    ic_list waiters; /* calls that wait for a token, and internal requests */

    /* A change that an internal request asks for, EXCHANGE or FORGET: made once the store is locked. */
    ic_purpose change;
    ic_token exchanged; /* of EXCHANGE */
    double exchanged_expires;

    /* The work under way: lock the store, load, fetch, save, unlock, serve the waiters. */
    bool busy;
    bool fetched;         /* a token has been fetched: the work does not ask for another */
    bool forgetting;      /* the save under way removes the token */
    bool counted_unsaved; /* the store's mailbox counts a refresh of this entry (ic_mailbox_add_unsaved) */
    ic_call *fetch;       /* the call that fetches a token, or NULL */
    ic_error error;       /* the first error of the work */

    /* With a shared store: the digest of the refresh token that the service has refused last, when, and why.
     * It is not sent again for a while: another machine has the next one, and will save it. */
    char refused[IC_SHA256_HEX];
    double refused_at;
    ic_error refusal;

    /* The token endpoint's answer while there was no memory to apply it, or NULL. */
    cJSON *answer;
    double answer_sent_at; /* when its request was sent; ic_now's seconds */
} ic_token_entry;

/* Whether the entry's token can be sent at that time (ic_now). */
bool ic_token_entry_is_usable(const ic_token_entry *entry, double now);
/* The token of the call's entry; NULL: the call has not used one. Borrowed. */
const ic_token *ic_token_entry_token(const ic_call *call);
/* The first call that waits for the token that `fetch` gets; NULL: none does. */
ic_call *ic_token_entry_first_waiter(const ic_call *fetch);

#endif
