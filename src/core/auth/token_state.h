/* What is known of one connection's token: when it may be used, what the token endpoint and the store say of
 * it, and whether it is saved. Pure: every function is told the time, `now` in seconds on the clock that
 * never jumps (ic_now) and `wall_time` in Unix seconds. */
#ifndef IC_TOKEN_STATE_H
#define IC_TOKEN_STATE_H

#include "core/auth/token.h"
#include "core/base/error.h"
#include <stdbool.h>

/* Zeroed: there is no token. */
typedef struct ic_token_state {
    ic_token token;
    double expires;      /* on ic_now's clock: from then on the access token is not used */
    unsigned generation; /* grows with every new access token */
    char *refused;       /* the access token that the service refused last: not taken from the store again */
    char *replaced;      /* the refresh token before this one; NULL: none */
    bool unsaved;        /* the store does not have this token yet */
    bool stored;         /* the store had this token, or one before it */
    bool from_store;     /* the access token came from the store, and may have been withdrawn since */
} ic_token_state;

void ic_token_state_clear(ic_token_state *state);

/* Whether there is an access token that is still good, and saved where it is to be saved. */
bool ic_token_state_is_usable(const ic_token_state *state, double now);
/* The service refused the access token of that generation: it is not used again. */
void ic_token_state_refuse(ic_token_state *state, unsigned generation);

/* Replaces the token, which is unsaved then. Takes `token` over (empty: the token is forgotten). What is
 * replaced is remembered, to tell it from another process's login. */
void ic_token_state_replace(ic_token_state *state, ic_token token, double expires);
/* Reads the token endpoint's answer to a request of `sent_at` into an empty token. False with PROTOCOL or
 * MEMORY; a refresh token that came all the same is then in `token`. */
bool ic_token_state_read(const cJSON *answer, double sent_at, double now, double wall_time, ic_token *token,
                         double *expires, ic_error *error);
/* Applies the answer to a refresh or to client credentials. An answer without a refresh token leaves the old
 * one good (RFC 6749, 6). True: the token has been replaced and is to be saved, even if `error` says that the
 * answer has no access token (it spent the old refresh token all the same). False with PROTOCOL, or with
 * MEMORY: the same answer may then be applied again later. */
bool ic_token_state_apply(ic_token_state *state, const cJSON *answer, double sent_at, double now,
                          double wall_time, ic_error *error);

/* Whether the token goes before `stored`, what the store has now: it could not be saved so far, and the store
 * still has the one that it replaced, or none. */
bool ic_token_state_goes_before(const ic_token_state *state, const ic_token *stored);
/* Takes over what the store has now (empty: nothing, another process has logged out): another process may
 * have renewed the token or logged in anew. An access token that is expired or was refused is left out. */
void ic_token_state_load(ic_token_state *state, ic_token *stored, double now, double wall_time);
/* The store has the token now. */
void ic_token_state_saved(ic_token_state *state);

#endif
