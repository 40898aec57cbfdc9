#include "core/auth/token_state.h"
#include "core/auth/grant.h"
#include "core/base/alloc.h"
#include <math.h>
#include <string.h>

/* An access token is not used in the last minute of its life, or in the last tenth of a short one. */
#define MARGIN 60.0 /* seconds */

void ic_token_state_clear(ic_token_state *state) {
    ic_token_clear(&state->token);
    ic_free_secret(state->refused);
    ic_free_secret(state->replaced);
    *state = (ic_token_state){0};
}

bool ic_token_state_is_usable(const ic_token_state *state, double now) {
    return state->token.access_token && now < state->expires && !state->unsaved;
}

void ic_token_state_refuse(ic_token_state *state, unsigned generation) {
    if (state->generation != generation || !state->token.access_token) return;
    ic_free_secret(state->refused);
    state->refused = state->token.access_token;
    state->token.access_token = NULL;
}

void ic_token_state_replace(ic_token_state *state, ic_token token, double expires) {
    ic_free_secret(state->replaced);
    state->replaced = state->token.refresh_token;
    state->token.refresh_token = NULL;
    ic_token_clear(&state->token);
    state->token = token;
    state->expires = expires;
    state->from_store = false;
    state->unsaved = true;
    state->generation++;
}

static double token_state_margin(double seconds) {
    return fmin(MARGIN, seconds / 10);
}

bool ic_token_state_read(const cJSON *answer, double sent_at, double now, double wall_time, ic_token *token,
                         double *expires, ic_error *error) {
    double seconds = 0;
    bool read = ic_grant_read(answer, token, &seconds, error);
    *expires = sent_at + seconds - token_state_margin(seconds);
    token->expires_at = wall_time + (sent_at - now) + seconds;
    return read;
}

bool ic_token_state_apply(ic_token_state *state, const cJSON *answer, double sent_at, double now,
                          double wall_time, ic_error *error) {
    ic_token token = {0};
    double expires = 0;
    bool read = ic_token_state_read(answer, sent_at, now, wall_time, &token, &expires, error);
    bool spent = token.refresh_token != NULL;
    if (read && !spent) {
        token.refresh_token = state->token.refresh_token;
        state->token.refresh_token = NULL;
    }
    if (read || spent)
        ic_token_state_replace(state, token, expires);
    else
        ic_token_clear(&token);
    return read || spent;
}

static bool token_state_same(const char *a, const char *b) {
    return a && b && strcmp(a, b) == 0;
}

bool ic_token_state_goes_before(const ic_token_state *state, const ic_token *stored) {
    return state->unsaved &&
           (ic_token_is_empty(stored) || token_state_same(stored->refresh_token, state->replaced));
}

void ic_token_state_load(ic_token_state *state, ic_token *stored, double now, double wall_time) {
    if (ic_token_is_empty(stored)) {
        if (state->stored) ic_token_clear(&state->token);
        state->stored = false;
        return;
    }
    double left = stored->expires_at ? stored->expires_at - wall_time : INFINITY;
    bool stale =
        token_state_same(stored->access_token, state->refused) || !(left - token_state_margin(left) > 0);
    if (stale) {
        ic_free_secret(stored->access_token);
        stored->access_token = NULL;
    } else if (!token_state_same(stored->access_token, state->token.access_token)) {
        state->expires = isinf(left) ? INFINITY : now + left - token_state_margin(left);
        state->generation++;
        state->from_store = true;
    }
    ic_token_clear(&state->token);
    state->token = *stored;
    *stored = (ic_token){0};
    state->unsaved = false;
    state->stored = true;
}

void ic_token_state_saved(ic_token_state *state) {
    state->unsaved = false;
    state->stored = !ic_token_is_empty(&state->token);
}
