/* Access tokens. One slot for each token key of a connection: whatever number of calls wait for a token, one
 * of them is fetched, and it is opened to them only when the store has it. The engine's thread only. DESIGN,
 * wall 5. */
#ifndef IC_TOKEN_H
#define IC_TOKEN_H

#include "engine.h"
#include "list.h"
#include "store.h"

/* What a call of the engine's own asks of its slot, besides a bearer. */
typedef enum ic_errand {
    IC_ERRAND_NONE,
    IC_ERRAND_EXCHANGE, /* its answer is the slot's new token (the authorization code grant) */
    IC_ERRAND_FORGET,   /* the slot's token is forgotten, in the store too */
    IC_ERRAND_INSPECT   /* answers {expires_in, scope} of the slot's token */
} ic_errand;

typedef struct ic_slot {
    struct ic_slot *next;
    char *key;
    ic_connection *connection; /* whose options reach the store and the token endpoint; counted */
    ic_store *store;           /* NULL: memory */
    ic_token token;
    double expires; /* ic_now's seconds; when the access token is no longer used */
    char *refused;  /* the access token that the service refused last: not taken up again from the store */
    unsigned generation; /* grows with every access token */
    bool unsaved;        /* the store does not have this token yet */
    bool busy;           /* locking, fetching or saving; those who come wait */
    ic_errand change;    /* EXCHANGE or FORGET: what is to become of the token once the store is locked */
    ic_token pending;    /* of EXCHANGE */
    double pending_expires;
    ic_call *fetch;    /* the call that fetches a token, or NULL */
    ic_timer timer;    /* asks for the store's lock again */
    double lock_until; /* ic_now's seconds */
    ic_list waiters;
} ic_slot;

/* The bearer for the call. NULL: the call has been put among those that wait for one (ic_flow_advance
 * follows), or has been ended with an error. */
const char *ic_token_for(ic_engine *engine, ic_call *call, double now);
/* The call's errand, before it is sent (FORGET, INSPECT) or when its answer is there (EXCHANGE). The call
 * waits, and ends when it is done. */
void ic_token_errand(ic_engine *engine, ic_call *call);
/* The service refused the token that the call sent: it is not used again. */
void ic_token_refused(ic_call *call);
/* Whether a refused token can be replaced. */
bool ic_token_renewable(const ic_call *call);
/* Whether a refresh token has been sent whose answer is not there yet. */
bool ic_token_in_doubt(const ic_engine *engine);
void ic_slots_free(ic_engine *engine);

#endif
