/* The state of one connection's token: until when it may be used, what the token endpoint and the store
 * have said about it, and whether it is saved. Pure: every function gets the time as a parameter, `now` in
 * seconds on the clock that never jumps (ic_now) and `wall_time` in Unix seconds. */
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

/* Whether there is an access token that has not expired and does not wait to be saved. */
bool ic_token_state_is_usable(const ic_token_state *state, double now);
/* The service refused the access token of that generation: it is not used again. */
void ic_token_state_refuse(ic_token_state *state, unsigned generation);

/* Replaces the token and takes ownership of `token` (empty: the token is forgotten). The new token is
 * unsaved. The old refresh token is remembered, to distinguish it from a token of another process's login. */
void ic_token_state_replace(ic_token_state *state, ic_token token, double expires);
/* Reads the token endpoint's answer to a request that was sent at `sent_at` into an empty token. False
 * with PROTOCOL or MEMORY. Even then, `token` may hold a new refresh token. */
bool ic_token_state_read(const cJSON *answer, double sent_at, double now, double wall_time, ic_token *token,
                         double *expires, ic_error *error);
/* Applies the answer to a refresh or to client credentials. If the answer has no refresh token, the old
 * one stays valid (RFC 6749, 6). True: the token has been replaced and must be saved. This can be so even
 * when `error` says that the answer has no access token, because a new refresh token replaces the old one.
 * False with PROTOCOL, or with MEMORY: the same answer may then be applied again later. */
bool ic_token_state_apply(ic_token_state *state, const cJSON *answer, double sent_at, double now,
                          double wall_time, ic_error *error);

/* Whether this token must be kept instead of `stored`, the token that the store has now. True when this
 * token is not saved yet, and the store has the one that it replaced, or none. */
bool ic_token_state_goes_before(const ic_token_state *state, const ic_token *stored);
/* Takes over the token that the store has now, because another process may have renewed it or logged in
 * again. Empty: another process has logged out. An access token that has expired or was refused is left
 * out. */
void ic_token_state_load(ic_token_state *state, ic_token *stored, double now, double wall_time);
/* The store has the token now. */
void ic_token_state_saved(ic_token_state *state);

#endif
