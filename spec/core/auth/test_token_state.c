/* The state of a token: when it is used, and what the token endpoint, the store and the service do to it. */
#include "core/auth/token_state.h"
#include "core/base/alloc.h"
#include "spec/core/check.h"
#include <stdlib.h>

#define NOW  1000.0       /* on the monotonic clock */
#define WALL 1700000000.0 /* Unix time */

static ic_token make(const char *access, const char *refresh, double expires_at) {
    return (ic_token){
        .access_token = ic_strdup(access), .refresh_token = ic_strdup(refresh), .expires_at = expires_at};
}

/* Applies an answer to a request that was sent 5 s before NOW. */
static bool apply(ic_token_state *state, const char *json, ic_error *error) {
    cJSON *answer = cJSON_Parse(json);
    bool changed = ic_token_state_apply(state, answer, NOW - 5, NOW, WALL, error);
    cJSON_Delete(answer);
    return changed;
}

static void load(ic_token_state *state, const char *access, const char *refresh, double expires_at) {
    ic_token stored = make(access, refresh, expires_at);
    ic_token_state_load(state, &stored, NOW, WALL);
    ic_token_clear(&stored);
}

static void test_answers(void) {
    static const struct {
        const char *answer, *access, *refresh;
        ic_error_kind error;
        bool changed;
    } cases[] = {
        {"{\"access_token\":\"a2\",\"expires_in\":600,\"refresh_token\":\"r2\"}", "a2", "r2", IC_OK, true},
        /* The old refresh token stays valid. */
        {"{\"access_token\":\"a2\",\"expires_in\":600}", "a2", "r1", IC_OK, true},
        /* The old refresh token is spent all the same. */
        {"{\"refresh_token\":\"r2\"}", NULL, "r2", IC_ERR_PROTOCOL, true},
        {"{\"access_token\":\"a2\",\"expires_in\":\"soon\",\"refresh_token\":\"r2\"}", NULL, "r2",
         IC_ERR_PROTOCOL, true},
        {"{}", "a1", "r1", IC_ERR_PROTOCOL, false},
        {"[]", "a1", "r1", IC_ERR_PROTOCOL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_token_state state = {0};
        ic_error error = {0};
        ic_token_state_replace(&state, make("a1", "r1", 0), NOW + 60);
        ic_token_state_saved(&state);
        unsigned generation = state.generation;
        CHECK(apply(&state, cases[i].answer, &error) == cases[i].changed);
        CHECK(error.kind == cases[i].error);
        CHECK_TEXT(state.token.access_token, cases[i].access);
        CHECK_TEXT(state.token.refresh_token, cases[i].refresh);
        CHECK(state.unsaved == cases[i].changed);
        CHECK((state.generation != generation) == cases[i].changed);
        ic_token_state_clear(&state);
        ic_error_clear(&error);
    }
}

/* A life counts from when its request was sent, and ends a minute early, or a tenth of it. */
static void test_margin(void) {
    ic_token_state state = {0};
    CHECK(apply(&state, "{\"access_token\":\"a\",\"expires_in\":600}", NULL));
    CHECK(state.expires == NOW - 5 + 540 && state.token.expires_at == WALL - 5 + 600);
    CHECK(!ic_token_state_is_usable(&state, NOW)); /* not saved yet */
    ic_token_state_saved(&state);
    CHECK(ic_token_state_is_usable(&state, NOW + 534) && !ic_token_state_is_usable(&state, NOW + 535));
    CHECK(apply(&state, "{\"access_token\":\"b\",\"expires_in\":10}", NULL));
    CHECK(state.expires == NOW - 5 + 9);
    ic_token_state_clear(&state);
    CHECK(!ic_token_state_is_usable(&state, NOW));
}

static void test_refused(void) {
    ic_token_state state = {0};
    load(&state, "a1", NULL, 0);
    unsigned first = state.generation;
    CHECK(ic_token_state_is_usable(&state, NOW + 1e9) && state.from_store); /* until it is refused */
    ic_token_state_refuse(&state, first - 1);                               /* an older one */
    CHECK(ic_token_state_is_usable(&state, NOW));
    ic_token_state_refuse(&state, first);
    CHECK(!ic_token_state_is_usable(&state, NOW));
    load(&state, "a1", "r1", 0); /* the store still has it */
    CHECK(!ic_token_state_is_usable(&state, NOW) && state.token.refresh_token);
    load(&state, "a2", "r1", 0);
    CHECK(ic_token_state_is_usable(&state, NOW) && state.generation != first);
    ic_token_state_clear(&state);
}

static void test_loading(void) {
    static const struct {
        double left; /* seconds of life in the store */
        double used; /* … for which it is used; 0: not at all */
    } cases[] = {{600, 540}, {100, 90}, {0.5, 0.45}, {0, 0}, {-1, 0}, {-1e9, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_token_state state = {0};
        load(&state, "a", "r", WALL + cases[i].left);
        CHECK((state.token.access_token != NULL) == (cases[i].used > 0));
        if (cases[i].used > 0) CHECK(fabs(state.expires - NOW - cases[i].used) < 1e-3);
        CHECK_TEXT(state.token.refresh_token, "r");
        ic_token_state_clear(&state);
    }
    ic_token_state state = {0};
    load(&state, "a", "r", WALL + 600);
    load(&state, NULL, NULL, 0); /* another process has logged out */
    CHECK(ic_token_is_empty(&state.token) && !state.stored);
    ic_token_state_clear(&state);
}

/* A token that could not be saved goes before the one that it replaced, and not before another login. */
static void test_unsaved(void) {
    ic_token_state state = {0};
    const ic_token none = {0}, replaced = {.refresh_token = (char *)"r1"},
                   other = {.refresh_token = (char *)"x"};
    load(&state, "a1", "r1", 0);
    CHECK(!ic_token_state_goes_before(&state, &none));
    ic_token_state_replace(&state, make("a2", "r2", 0), NOW + 60);
    CHECK(ic_token_state_goes_before(&state, &none));
    CHECK(ic_token_state_goes_before(&state, &replaced));
    CHECK(!ic_token_state_goes_before(&state, &other));
    ic_token_state_saved(&state);
    CHECK(!ic_token_state_goes_before(&state, &replaced));
    ic_token_state_clear(&state);
}

int main(void) {
    test_answers();
    test_margin();
    test_refused();
    test_loading();
    test_unsaved();
    CHECK(ic_alloc_live() == 0);
    return check_done("token_state");
}
