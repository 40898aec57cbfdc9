/* Access tokens. One entry for each token key of a connection: whatever number of calls wait for a token, one
 * of them is fetched, and it is opened to them only when it is kept where it is to be kept. The engine's
 * thread only. DESIGN, wall 5. */
#ifndef IC_TOKEN_QUEUE_H
#define IC_TOKEN_QUEUE_H

#include "core/auth/store.h"
#include "core/engine/engine.h"
#include "core/engine/list.h"

/* What a call is for when it is not there to send a request: mostly something about its token entry. */
typedef enum ic_purpose {
    IC_PURPOSE_NONE,
    IC_PURPOSE_PREPARE,  /* makes sure that a token can be kept, before a code is spent on one */
    IC_PURPOSE_EXCHANGE, /* its answer is the entry's new token (the authorization code grant) */
    IC_PURPOSE_FORGET,   /* the entry's token is forgotten, where it is kept too */
    IC_PURPOSE_INSPECT,  /* answers {expires_in, scope} of the entry's token */
    IC_PURPOSE_ASK,      /* no call, but a message to a token store written in Lua (store_worker.h) */
    IC_PURPOSE_SLEEP     /* nothing of the entry: ends well after call->sleep_seconds seconds */
} ic_purpose;

struct ic_token_entry;
/* What is to be done after a step; `error` is NULL when it went well. */
typedef void ic_next(ic_engine *engine, struct ic_token_entry *entry, const ic_error *error);

typedef struct ic_token_entry {
    struct ic_token_entry *next;
    char *key;
    ic_connection *connection; /* whose options reach the store and the token endpoint; counted */
    ic_token token;
    double expires; /* ic_now's seconds; when the access token is no longer used */
    char *refused;  /* the access token that the service refused last: not taken up again from the store */
    unsigned generation; /* grows with every access token */
    bool fetched;        /* the work under way has fetched a token: it does not ask for another */
    bool loaded;         /* this access token came from the store: nobody knows whether it is still good */
    bool owing;          /* the mailbox of its Lua store counts this entry (ic_mailbox_add_unsaved) */
    bool kept;           /* the store had this token, or one before it */
    bool forgetting;     /* what is being saved is that there is none */
    char *replaced;      /* the refresh token before this one; NULL: none */
    bool unsaved;        /* this token is not kept yet */
    bool busy;           /* locking, loading, fetching or saving; those who come wait */
    ic_purpose change;   /* EXCHANGE or FORGET: what is to become of the token once the store is locked */
    ic_token pending;    /* of EXCHANGE */
    double pending_expires;
    cJSON *answer;   /* of the token endpoint, while there was no memory to take it up; or NULL */
    double answered; /* when what it answers was sent */
    ic_call *fetch;  /* the call that fetches a token, or NULL */
    ic_error fault;  /* what the work under way has come to so far */
    ic_list waiters;

    /* The keeper's. */
    ic_store *store; /* of a file store; NULL: memory, or the connection's store_mailbox is asked */
    ic_token found;  /* what LOAD found */
    ic_next *next_step;
    ic_timer timer;    /* asks for the file's lock again */
    double lock_until; /* ic_now's seconds */
    int step;          /* ic_store_step: what was asked of a store written in Lua */
    ic_call *ask;      /* the message, or NULL; counted */
} ic_token_entry;

/* The bearer for the call. NULL: the call has been put among those that wait for one (ic_flow_advance
 * follows), or has been ended with an error. */
const char *ic_token_for(ic_engine *engine, ic_call *call, double now);
/* The call's purpose, before it is sent (PREPARE, FORGET, INSPECT) or when its answer is there (EXCHANGE).
 * The call waits, and ends when it is done. */
void ic_token_errand(ic_engine *engine, ic_call *call);
/* The service refused the token that the call sent: it is not used again. */
void ic_token_refused(ic_call *call);
/* Whether a refused token can be replaced. */
bool ic_token_renewable(const ic_call *call);
/* The first call that waits for the token which a call of the engine's own fetches; NULL: none does. */
ic_call *ic_token_awaited_by(const ic_call *fetch);
/* Whether a refresh token has been sent whose successor is not kept yet. */
bool ic_token_in_doubt(const ic_engine *engine);
/* At the end: one more try to save what could not be saved so far. */
void ic_tokens_save_last(ic_engine *engine);
void ic_token_entries_free(ic_engine *engine);

#endif
