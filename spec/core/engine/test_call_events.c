/* Events of a call: their order, their limit, without memory, without secrets. */
#include "spec/core/engine/engine_trial.h"

typedef struct scene {
    ic_peer *peer;
    ic_mailbox *mailbox;
    ic_connection *connection;
    ic_call *call; /* never started: the test notes its events */
} scene;

static scene enter(void) {
    scene it = {.peer = start_silent(), .mailbox = ic_call_mailbox_new(NULL)};
    it.connection = connect_to(it.peer, true);
    it.call = make_call(it.mailbox, it.connection, "retrieve-a-workflow");
    return it;
}

static void leave(scene *it) {
    ic_call_release(it->call);
    ic_connection_release(it->connection);
    end_mailbox(it->mailbox);
    ic_peer_free(it->peer);
}

static void note(ic_call *call, int attempt) {
    call->attempts = attempt;
    ic_event_note(call, &(ic_event){.kind = IC_EVENT_REQUEST});
}

/* Takes one event and checks it. */
static void check_next(ic_call *call, int attempt, unsigned lost) {
    ic_event *event = ic_event_take(call);
    if (CHECK(event != NULL)) {
        CHECK(event->attempt == attempt);
        CHECK(event->lost == lost);
    }
    ic_event_free(event);
}

static void test_order(void) {
    scene it = enter();
    unsigned notices = 0;
    note(it.call, 1);
    note(it.call, 2);
    CHECK(ic_call_has_pending(it.call));
    CHECK(ic_call_take(it.mailbox, &notices) == it.call && notices == IC_NOTICE_EVENT);
    ic_call_release(it.call);
    check_next(it.call, 1, 0);
    note(it.call, 3);
    check_next(it.call, 2, 0);
    check_next(it.call, 3, 0);
    CHECK(ic_event_take(it.call) == NULL);
    CHECK(!ic_call_has_pending(it.call));
    leave(&it);
}

/* The newest are kept, and say how many were dropped before them. */
static void test_limit(void) {
    scene it = enter();
    for (int i = 1; i <= IC_EVENTS_LIMIT + 5; i++)
        note(it.call, i);
    check_next(it.call, 6, 5);
    for (int i = 7; i <= IC_EVENTS_LIMIT + 5; i++)
        check_next(it.call, i, 0);
    CHECK(ic_event_take(it.call) == NULL);
    leave(&it);
}

static void test_no_memory(void) {
    scene it = enter();
    note(it.call, 1);
    for (long nth = 1; nth <= 2; nth++) {
        ic_alloc_fail_at(nth);
        note(it.call, 2);
        ic_alloc_fail_at(0);
    }
    note(it.call, 3);
    check_next(it.call, 1, 0);
    check_next(it.call, 3, 2);
    leave(&it);
}

static void test_nobody_watches(void) {
    scene it = enter();
    it.connection->settings.watched = false;
    note(it.call, 1);
    CHECK(ic_event_take(it.call) == NULL);
    CHECK(!ic_call_has_pending(it.call));
    leave(&it);
}

/* The secret of these connections is "SECRET-static". */
static void test_url(void) {
    static const struct {
        const char *target, *elsewhere;
        int redirects;
        const char *shown; /* the whole, or what follows the origin */
    } cases[] = {
        {"/a/b?page=1", NULL, 0, "/a/b?page=1"},
        {"/a?key=SECRET-static&b=SECRET%2Dstatic", NULL, 0, "/a?key=***&b=***"},
        {"/a?key=SECRET%2dstaticSECRET-static", NULL, 0, "/a?key=******"},
        {"/a?key=SECRET_stati", NULL, 0, "/a?key=SECRET_stati"},
        {"/a?signature=abc", NULL, 1, "/a?…"},
        {"/a", NULL, 1, "/a"},
        {"/a", "https://files.example/x?signature=abc", 1, "https://files.example/x?…"},
    };
    scene it = enter();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_free(it.call->request.target);
        ic_free(it.call->foreign_url);
        it.call->request.target = ic_strdup(cases[i].target);
        it.call->foreign_url = ic_strdup(cases[i].elsewhere);
        it.call->redirects = cases[i].redirects;
        note(it.call, 1);
        ic_event *event = ic_event_take(it.call);
        size_t before = cases[i].elsewhere ? 0 : strlen(it.connection->origin);
        if (CHECK(event != NULL)) CHECK_TEXT(event->url + before, cases[i].shown);
        ic_event_free(event);
    }
    leave(&it);
}

/* Noted ten times a second at most, always at the end, and only with options.progress. */
static void test_progress(void) {
    scene it = enter();
    double done = 0, total = 0;
    ic_progress_note(it.call, 1, 10, false, 100);
    CHECK(!ic_progress_take(it.call, &done, &total));
    it.call->options.progress = true;
    ic_progress_note(it.call, 1, -1, false, 100);
    CHECK(ic_call_has_pending(it.call));
    CHECK(ic_progress_take(it.call, &done, &total) && done == 1 && total == -1);
    CHECK(!ic_progress_take(it.call, &done, &total));
    ic_progress_note(it.call, 2, 10, false, 100.05);
    CHECK(!ic_progress_take(it.call, &done, &total));
    ic_progress_note(it.call, 3, 10, false, 100.11);
    ic_progress_note(it.call, 10, 10, true, 100.12);
    CHECK(ic_progress_take(it.call, &done, &total) && done == 10 && total == 10);
    leave(&it);
}

int main(void) {
    limit_seconds(200);
    STAGE(test_order);
    STAGE(test_limit);
    STAGE(test_no_memory);
    STAGE(test_nobody_watches);
    STAGE(test_url);
    STAGE(test_progress);
    return check_done("event");
}
