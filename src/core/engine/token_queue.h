/* The calls that wait for an access token, and the work to get one. There is one entry for each token key
 * of a connection (its host, client, user, store, …). However many calls wait for a token, only one is
 * fetched. They get it after it has been saved to its store, if there is one. The engine's thread only. */
#ifndef IC_TOKEN_QUEUE_H
#define IC_TOKEN_QUEUE_H

#include "core/auth/token.h"
#include "core/engine/client.h"

/* The bearer for the call, valid until the engine does something else. NULL: the call waits for a token now
 * (flow->advance follows), or has ended with an error. */
const char *ic_token_queue_bearer(ic_engine *engine, ic_call *call, double now);
/* Carries out an internal request about the token: PREPARE, FORGET or INSPECT instead of sending the call,
 * EXCHANGE once its answer is there. The call waits, and ends when this work is done. */
void ic_token_queue_perform(ic_engine *engine, ic_call *call);

/* The service refused the token that the call sent: it is not used again. */
void ic_token_queue_refused(ic_call *call);
/* Whether another token can be fetched when the call's is refused. */
bool ic_token_queue_can_renew(const ic_call *call);

/* Whether a refresh token has been sent, and the next one has not arrived yet or is being saved. */
bool ic_token_queue_is_refreshing(const ic_engine *engine);
/* Called at the end of the engine: tries once more to save the tokens that could not be saved. */
void ic_token_queue_save_last(ic_engine *engine);
/* Detaches a client that is being freed from its entry. */
void ic_token_queue_forget(ic_client *client);
/* Frees the entries that no client uses and that hold nothing that would be lost. */
void ic_token_queue_tidy(ic_engine *engine, double now);
bool ic_token_queue_init(ic_engine *engine); /* false when out of memory */
void ic_token_queue_free(ic_engine *engine);

#endif
