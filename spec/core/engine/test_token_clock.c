/* Tokens when the wall clock jumps. How long a token is used goes by the monotonic clock; the date in the
 * store goes by the wall clock. */
#include "core/auth/store.h"
#include "spec/core/engine/engine_trial.h"
#include <ftw.h>
#include <limits.h>

#define HOUR 3600.0

static double ahead, wall_ahead; /* of both clocks, by how many seconds */

/* Moves both clocks forward. */
static void advance_clocks(double seconds) {
    ahead += seconds;
    ic_clock_shift(ahead, wall_ahead);
}

static void jump_wall_clock(double seconds) {
    wall_ahead += seconds;
    ic_clock_shift(ahead, wall_ahead);
}

typedef struct scene {
    ic_peer *peer;
    ic_mailbox *mailbox;
    ic_connection *connection;
} scene;

/* The server answers everything with a token that lives for `seconds` (JSON); a read takes that for its
 * answer too. */
static scene enter(const char *seconds, const char *store) {
    static int last;
    scene it = {.mailbox = ic_call_mailbox_new(NULL)};
    char body[128], answer[256], id[32];
    snprintf(body, sizeof body, "{\"access_token\":\"SECRET-token\",\"expires_in\":%s}", seconds);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    it.peer = start_server((const char *const[]){answer}, 1);
    snprintf(id, sizeof id, "client-%d", ++last);
    it.connection = connect_with_store(it.peer, id, store);
    return it;
}

static void leave(scene *it) {
    ic_connection_release(it->connection);
    end_mailbox(it->mailbox);
    ic_peer_free(it->peer);
}

/* Whether a read had to fetch a token first. */
static bool fetches(scene *it) {
    size_t before, after;
    ic_peer_requests(it->peer, &before);
    ic_call *call = start_call(it->mailbox, it->connection, "retrieve-a-workflow");
    await(it->mailbox, call);
    CHECK(call->error.kind == IC_OK);
    ic_call_release(call);
    ic_peer_requests(it->peer, &after);
    return after - before == 2;
}

/* A token is not used in the last minute of its life, or in the last tenth of a short one. */
static const struct {
    const char *seconds;
    double good; /* seconds for which it is used */
} lives[] = {{"3600", 3540},  {"21600", 21540}, {"600", 540},  {"100", 90},
             {"\"100\"", 90}, {"60", 54},       {"1000", 940}, {"1e300", 30 * 86400.0 - 60}};

static void test_margin(void) {
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        scene it = enter(lives[i].seconds, NULL);
        bool good = CHECK(fetches(&it));
        good = CHECK(!fetches(&it)) && good;
        advance_clocks(lives[i].good - 5);
        good = CHECK(!fetches(&it)) && good;
        advance_clocks(6);
        good = CHECK(fetches(&it)) && good;
        good = CHECK(!fetches(&it)) && good;
        if (!good) printf("    of %s s\n", lives[i].seconds);
        leave(&it);
    }
}

/* The machine's clock is set while a token is in memory: that changes nothing. */
static void test_wall_clock_jumps(void) {
    static const double jumps[] = {5 * HOUR, -10 * HOUR, 24 * HOUR, -48 * HOUR};
    scene it = enter("3600", NULL);
    CHECK(fetches(&it));
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        jump_wall_clock(jumps[i]);
        CHECK(!fetches(&it));
    }
    advance_clocks(3545);
    CHECK(fetches(&it));
    leave(&it);
    jump_wall_clock(-wall_ahead);
}

/* ---- with a file ---- */

static char path[PATH_MAX + 16];

static ic_store *open_store(const scene *it) {
    ic_error error = {0};
    ic_store *store = ic_store_new(it->connection->settings.store, &error);
    CHECK(store && ic_store_lock(store, &error) == 1);
    return store;
}

static double stored_until(const scene *it) {
    ic_store *store = open_store(it);
    ic_token kept = {0};
    ic_error error = {0};
    CHECK(ic_store_load(store, it->connection->store_key, &kept, &error) == 1);
    double until = kept.expires_at;
    ic_token_clear(&kept);
    ic_store_free(store);
    return until;
}

static void store_token(const scene *it, double until) {
    ic_store *store = open_store(it);
    ic_error error = {0};
    ic_token kept = {.access_token = "SECRET-token", .expires_at = until};
    CHECK(ic_store_save(store, it->connection->store_key, &kept, &error));
    ic_store_free(store);
}

static bool near(double a, double b) {
    return fabs(a - b) < 30;
}

/* expires_at goes by the wall clock when the token is saved. */
static void test_expires_at(void) {
    static const double jumps[] = {0, 7 * HOUR, -7 * HOUR};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        jump_wall_clock(jumps[i]);
        scene it = enter("3600", path);
        CHECK(fetches(&it));
        CHECK(near(stored_until(&it), ic_wall_time() + 3600));
        leave(&it);
        jump_wall_clock(-jumps[i]);
    }
}

/* A token in the store with so many seconds to live: whether it is used, and for how long. */
static const struct {
    double left;
    bool used;
    double good;
} kept[] = {
    {3600, true, 3540}, {100, true, 90}, {-1, false, 0}, {-HOUR, false, 0}, {10 * HOUR, true, 10 * HOUR - 60},
};

static void test_stored_token(void) {
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        scene it = enter("3600", path);
        store_token(&it, ic_wall_time() + kept[i].left);
        bool good = CHECK(fetches(&it) != kept[i].used);
        if (kept[i].used) {
            advance_clocks(kept[i].good - 30);
            good = CHECK(!fetches(&it)) && good;
            jump_wall_clock(kept[i].good + 40); /* the wall clock goes on as well */
            advance_clocks(40);
            good = CHECK(fetches(&it)) && good;
        }
        if (!good) printf("    with %g s left\n", kept[i].left);
        leave(&it);
        jump_wall_clock(-wall_ahead);
    }
}

/* A stored token without expires_at is used until it is refused. */
static void test_stored_without_end(void) {
    scene it = enter("3600", path);
    store_token(&it, 0);
    CHECK(!fetches(&it));
    advance_clocks(1000 * HOUR);
    jump_wall_clock(1000 * HOUR);
    CHECK(!fetches(&it));
    leave(&it);
    jump_wall_clock(-wall_ahead);
}

/* The clock was wrong by hours when the token was saved: the token counts as expired. */
static void test_stored_by_a_wrong_clock(void) {
    scene it = enter("3600", path);
    jump_wall_clock(-5 * HOUR);
    store_token(&it, ic_wall_time() + 3600);
    jump_wall_clock(5 * HOUR);
    CHECK(fetches(&it));
    CHECK(!fetches(&it));
    leave(&it);
}

static int remove_entry(const char *name, const struct stat *found, int type, struct FTW *where) {
    (void)found, (void)type, (void)where;
    return remove(name);
}

int main(void) {
    const char *temporary = getenv("TMPDIR");
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/ic-clock.XXXXXX", temporary ? temporary : "/tmp");
    limit_seconds(200);
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/tokens.json", folder);
    STAGE(test_margin);
    STAGE(test_wall_clock_jumps);
    STAGE(test_expires_at);
    STAGE(test_stored_token);
    STAGE(test_stored_without_end);
    STAGE(test_stored_by_a_wrong_clock);
    ic_engine_stop();
    CHECK(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
    return check_done("token_clock");
}
