/* Access tokens: one slot for each token key of a connection, fetched by one call however many wait for it.
 * The engine's thread only, but for the pure functions at the end. */
#ifndef IC_TOKEN_H
#define IC_TOKEN_H

#include "engine.h"
#include "list.h"

typedef struct ic_slot {
    struct ic_slot *next;
    char *key;
    char *access_token;  /* NULL: none */
    double expires;      /* ic_now's seconds; when the token is no longer used */
    unsigned generation; /* grows with every token */
    ic_call *fetch;      /* the call that fetches one, or NULL */
    ic_list waiters;
} ic_slot;

/* The bearer for the call. NULL: the call has been put among those that wait for one (ic_flow_advance
 * follows), or has been ended with an error. */
const char *ic_token_for(ic_engine *engine, ic_call *call, double now);
/* The service refused the token that the call sent: forget it, unless it has been renewed since. */
void ic_token_refused(ic_call *call);
/* Whether a refused token can be replaced. */
bool ic_token_renewable(const ic_call *call);
void ic_slots_free(ic_slot *slots);

/* The request of the client credentials grant (OpenAPI, oauth-token). `authorization` is the Basic header's
 * value or NULL (free with ic_free_secret). */
bool ic_token_request(const ic_connection *connection, ic_request *request, ic_error *error);
/* Reads the answer: the token (free with ic_free_secret) and for how many seconds it may be used; AUTH or
 * PROTOCOL. */
char *ic_token_read(const cJSON *tree, double *seconds, ic_error *error);

#endif
