/* What is kept up in the shared Redis (upkeep.h), without a thread, a socket or a clock: the test plays
 * Redis, and fires the groups' timers. */
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/engine/stats.h"
#include "core/engine/upkeep.h"
#include "spec/core/check.h"
#include "spec/core/shared/played_redis.h"

/* ---- a driver that counts the commands that wait for a reply ---- */

#define COMMANDS 256

static struct {
    const ic_redis_events *events;
    void *owner;
    bool open, asks[COMMANDS]; /* whether a command asks a question again; otherwise it checks */
    int first, end;            /* of the commands that wait */
    int asked, checked;
} played;

static ic_redis_link *played_open(const ic_redis_target *target, const ic_redis_events *events, void *owner,
                                  char *why, size_t size) {
    (void)target, (void)why, (void)size;
    played.events = events;
    played.owner = owner;
    played_socket = dup(0);
    played.open = true;
    return (ic_redis_link *)&played;
}

static bool played_send(ic_redis_link *link, const char *bytes, size_t length) {
    (void)link;
    bool asks = memmem(bytes, length, "ASK", 3) != NULL;
    if (!memmem(bytes, length, "EVALSHA", 7)) return true; /* the greeting */
    played.asks[played.end++ % COMMANDS] = asks;
    *(asks ? &played.asked : &played.checked) += 1;
    return true;
}

static void played_close(ic_redis_link *link) {
    (void)link;
    close(played_socket);
    played.open = false;
    played.first = played.end;
}

static const ic_redis_driver played_driver = {
    IC_REDIS_DRIVER_VERSION, "played",     false,        played_open, played_send,
    played_descriptor,       played_serve, played_close, played_copy};

/* ---- the engine, as far as this needs it ---- */

static ic_engine engine;
static ic_shared shared;
static double now;    /* ic_now's seconds, a little later sometimes */
static int completed; /* calls */

static void complete(ic_engine *unused, ic_call *call) {
    (void)unused, (void)call;
    completed++;
}

static const ic_flow_steps steps = {.complete = complete};

static void wake(void) {}

static void serve(void) {
    ic_link_serve(shared.link, false, false, now, 0.5);
}

static void greet(void) {
    static const char info[] = "redis_version:7.0.0\r\nredis_mode:standalone\r\n";
    ic_reply text = {.kind = IC_REPLY_TEXT, .text = (char *)info, .length = sizeof info - 1};
    serve();
    if (!played.open || ic_link_is_up(shared.link)) return;
    played.events->opened(played.owner);
    if (played.open) played.events->replied(played.owner, &text);
}

static void begin(void) {
    ic_shared_address address = {0};
    ic_error error = {0};
    memset(&played, 0, sizeof played);
    engine = (ic_engine){.flow = &steps};
    now = ic_now();
    completed = 0;
    CHECK(ic_shared_address_parse("redis://10.0.0.1", &address, &error));
    shared = (ic_shared){.engine = &engine, .link = ic_link_new(&played_driver, &address, wake, &error)};
    CHECK(shared.link != NULL);
}

/* Nothing is held any more, and the links' users are counted right. */
static void end(void) {
    ic_upkeep_free(&engine);
    CHECK(!engine.upkeep && shared.users == 0);
    ic_link_free(shared.link);
    ic_timers_free(&engine.timers);
    CHECK(ic_stats_gauge(IC_GAUGE_KEPT) == 0);
}

/* What a script may say of its items. */
static const ic_upkeep_terms usual = {
    .every = 1, .lasting = INFINITY, .patience = 1, .most = 100, .most_bytes = 1 << 20};

static char *copy_script(ic_question *question, const char *text) {
    question->script_length = strlen(text);
    question->script_keys = 1;
    return question->script = ic_strdup(text);
}

/* NULL when out of memory. */
static ic_question *make_question(const ic_upkeep_terms *terms) {
    ic_question *question = ic_calloc(1, sizeof *question);
    if (!question) return NULL;
    question->terms = ic_calloc(1, sizeof *question->terms);
    if (question->terms) {
        *question->terms = *terms;
        ic_question *check = &question->terms->check;
        if (ic_question_add(question, "key", 3) && ic_question_add(question, "ASK", 3) &&
            ic_question_add(check, "key", 3) && ic_question_add(check, "id", 2) &&
            copy_script(question, "return 1") && copy_script(check, "return { 1 }"))
            return question;
    }
    ic_question_free(question);
    return NULL;
}

static ic_upkeep_item *add(const ic_upkeep_terms *terms, ic_call *call) {
    ic_question *question = make_question(terms);
    return question ? ic_upkeep_add(&engine, &shared, question, call) : NULL;
}

/* Fires the timer that is next, however late it is, and sends what that gives. */
static void fire(void) {
    ic_timer *timer = ic_timers_first(&engine.timers);
    if (timer) {
        ic_timer_unset(&engine.timers, timer);
        timer->fire(&engine, timer->owner, now);
    }
    greet();
    serve();
}

/* Answers the oldest command: a check of `count` items with these verdicts. */
static void answer(const char *verdicts) {
    ic_reply items[COMMANDS] = {{0}};
    size_t count = strlen(verdicts);
    for (size_t i = 0; i < count; i++)
        items[i] = (ic_reply){.kind = IC_REPLY_INTEGER, .integer = verdicts[i] - '0'};
    ic_reply list = {.kind = IC_REPLY_LIST, .items = items, .count = count},
             one = {.kind = IC_REPLY_INTEGER, .integer = 1};
    if (played.first == played.end) return;
    played.events->replied(played.owner, played.asks[played.first++ % COMMANDS] ? &one : &list);
    serve();
}

/* ---- tests ---- */

/* A lost item's question is asked again once enough checks in a row say so, and is not lost then. */
static void test_lost(void) {
    ic_upkeep_terms patient = usual;
    patient.patience = 2;
    begin();
    add(&patient, NULL);
    for (int i = 0; i < 2; i++) {
        CHECK(played.asked == 0);
        fire();
        CHECK(played.checked == i + 1);
        answer("2");
    }
    CHECK(played.asked == 1);
    answer("");
    fire();
    answer("2");
    CHECK(played.asked == 1);
    fire();
    answer("0");
    CHECK(!engine.upkeep && shared.users == 0);
    end();
}

/* Redis refuses the oldest command. */
static void refuse(void) {
    ic_reply why = {.kind = IC_REPLY_ERROR, .text = "OOM", .length = 3};
    if (played.first == played.end) return;
    played.first++;
    played.events->replied(played.owner, &why);
    serve();
}

/* Whether the next round begins at once, and not after the usual pause. */
static bool is_due(void) {
    const ic_timer *timer = ic_timers_first(&engine.timers);
    return timer && timer->at <= ic_now();
}

/* When many are lost, the next round begins as soon as there is room for more questions; but after the usual
 * pause when Redis refuses them. */
static void test_many_lost(void) {
    enum { MANY_LOST = 120, AT_ONCE = 50 };
    ic_upkeep_terms rare = usual;
    rare.every = 1e6;
    rare.most = MANY_LOST;
    char all[MANY_LOST + 1] = {0}, few[MANY_LOST + 1] = {0};
    memset(all, '2', MANY_LOST);
    memset(few, '1', MANY_LOST);
    for (int refused = 0; refused < 2; refused++) {
        begin();
        for (int i = 0; i < MANY_LOST; i++)
            add(&rare, NULL);
        fire();
        answer(all);
        CHECK(played.asked == AT_ONCE && !is_due());
        for (int i = 0; i < AT_ONCE; i++)
            refused ? refuse() : answer("");
        CHECK(is_due() == !refused);
        end();
    }
    /* The questions are answered while the rest of a round is checked, which finds no more. */
    begin();
    for (int i = 0; i < MANY_LOST; i++)
        add(&rare, NULL);
    fire();
    answer(all);
    fire();
    for (int i = 0; i < AT_ONCE; i++)
        answer("");
    answer(few);
    CHECK(played.checked == 3);
    end();
}

/* One check looks at all items; each gets its own verdict, and the next round begins with the same one. */
static void test_verdicts(void) {
    static ic_call calls[3];
    begin();
    for (int i = 0; i < 3; i++)
        calls[i].upkeep = add(&usual, &calls[i]);
    fire();
    CHECK(played.checked == 1);
    answer("102");
    CHECK(completed == 1 && !calls[1].upkeep && calls[0].upkeep && calls[2].upkeep && played.asked == 1);
    answer("");
    fire();
    answer("00");
    CHECK(completed == 3 && !engine.upkeep);
    end();
}

/* An item whose time is up ends with the first check that says that it is there; not before, and not when it
 * is spare. */
static void test_time_is_up(void) {
    ic_upkeep_terms brief = usual;
    brief.lasting = 0;
    begin();
    add(&brief, NULL);
    add(&usual, NULL);
    fire();
    answer("21");
    CHECK(played.asked == 1);
    answer("");
    fire();
    answer("31");
    fire();
    answer("11");
    fire();
    CHECK(played.checked == 4);
    answer("0");
    CHECK(!engine.upkeep);
    end();
}

/* What is dropped while a check looks at it is freed with the reply, and the others keep their places. */
static void test_dropped_in_check(void) {
    static ic_call calls[3];
    begin();
    for (int i = 0; i < 3; i++)
        calls[i].upkeep = add(&usual, &calls[i]);
    fire();
    ic_upkeep_drop(calls[0].upkeep);
    ic_upkeep_drop(calls[1].upkeep);
    answer("220");
    CHECK(completed == 1 && !calls[2].upkeep && played.asked == 0 && !engine.upkeep);
    end();
}

/* … and so is one whose question is being asked again. */
static void test_dropped_while_asking(void) {
    begin();
    ic_upkeep_item *item = add(&usual, NULL);
    fire();
    answer("2");
    CHECK(played.asked == 1);
    fire();
    ic_upkeep_drop(item);
    answer("");
    answer("1");
    CHECK(!engine.upkeep);
    end();
}

/* A full group refuses, until one of its items is spare. That one makes room. */
static void test_refuses(void) {
    ic_upkeep_terms few = usual;
    few.refuses = true;
    few.most = 2;
    begin();
    ic_error error = {0};
    ic_question *question = make_question(&few);
    CHECK(ic_upkeep_has_room(&engine, &shared, question, &error));
    add(&few, NULL);
    add(&few, NULL);
    CHECK(ic_stats_gauge(IC_GAUGE_KEPT) == 2);
    CHECK(!ic_upkeep_has_room(&engine, &shared, question, &error) && error.kind == IC_ERR_STORE);
    ic_error_clear(&error);
    fire();
    answer("13");
    CHECK(ic_upkeep_has_room(&engine, &shared, question, &error) && ic_stats_gauge(IC_GAUGE_KEPT) == 1);
    add(&few, NULL);
    CHECK(!ic_upkeep_has_room(&engine, &shared, question, &error)); /* none is spare now */
    ic_error_clear(&error);
    few.most_bytes = 1;
    few.most = 100;
    question->terms->most_bytes = 1;
    question->terms->most = 100;
    CHECK(!ic_upkeep_has_room(&engine, &shared, question, &error));
    ic_error_clear(&error);
    ic_question_free(question);
    end();
}

/* A group that does not refuse drops its oldest item that no check looks at. */
static void test_drops_the_oldest(void) {
    ic_upkeep_terms few = usual;
    few.most = 2;
    begin();
    add(&few, NULL);
    add(&few, NULL);
    long held = ic_alloc_live();
    add(&few, NULL);
    CHECK(ic_alloc_live() == held);
    end();
}

/* The scripts of a group are held once, however many items it has. */
static void test_scripts_are_held_once(void) {
    begin();
    add(&usual, NULL);
    long held = ic_alloc_live();
    ic_question *question = make_question(&usual);
    long whole = ic_alloc_live() - held; /* with its two scripts */
    CHECK(ic_upkeep_add(&engine, &shared, question, NULL) != NULL);
    CHECK(ic_alloc_live() - held == whole - 2 + 1); /* and the item */
    end();
}

/* An item holds the bytes that are counted for it, and no space to grow. */
static void test_holds_what_is_counted(void) {
    begin();
    ic_question *question = make_question(&usual);
    CHECK(ic_upkeep_add(&engine, &shared, question, NULL) != NULL);
    CHECK(question->bytes.capacity == question->bytes.length + 1);
    CHECK(question->terms->check.bytes.capacity == question->terms->check.bytes.length + 1);
    end();
}

/* The engine ends while a check and a question are under way: their replies reach nobody. */
static void test_end_under_way(void) {
    begin();
    add(&usual, NULL);
    add(&usual, NULL);
    fire();
    answer("21");
    fire();
    CHECK(played.end - played.first == 2);
    ic_upkeep_free(&engine);
    CHECK(!engine.upkeep && shared.users == 0);
    answer("");
    answer("22");
    end();
}

/* Redis ends the connection: what was under way tells nothing about the items. */
static void test_lost_connection(void) {
    begin();
    add(&usual, NULL);
    fire();
    close(played_socket);
    played.open = false;
    played.first = played.end;
    played.events->ended(played.owner, "gone");
    CHECK(engine.upkeep && played.asked == 0);
    now = ic_now() + 4; /* after the pause, and before the time of the check is up */
    greet();
    fire();
    answer("2");
    CHECK(played.asked == 1);
    end();
}

/* All of it, whichever allocation fails. */
static void run_all(void) {
    static ic_call calls[4];
    ic_upkeep_terms few = usual;
    few.refuses = true;
    few.most = 2;
    for (int i = 0; i < 4; i++) {
        calls[i].upkeep = NULL;
        calls[i].upkeep = add(i < 3 ? &usual : &few, i < 2 ? &calls[i] : NULL);
    }
    for (int round = 0; round < 4; round++) {
        fire();
        fire();
        if (round == 1 && calls[0].upkeep) {
            ic_upkeep_drop(calls[0].upkeep);
            calls[0].upkeep = NULL;
        }
        for (int i = 0; i < 6; i++)
            answer(round == 3 ? "0000" : "2121");
        now += 0.2;
    }
}

static void test_failing_memory(void) {
    void (*const ways[])(long) = {ic_alloc_fail_at, ic_alloc_fail_only};
    for (int way = 0; way < 2; way++) {
        long failures = 1;
        for (long nth = 1; failures; nth++) {
            long before = ic_alloc_live();
            begin();
            ways[way](nth);
            run_all();
            failures = ic_alloc_failures();
            ways[way](0);
            end();
            if (!CHECK(ic_alloc_live() == before)) printf("    failing at %ld\n", nth);
        }
    }
}

int main(void) {
    test_lost();
    long held = ic_alloc_live(); /* by the process, since the first link */
    test_many_lost();
    test_verdicts();
    test_time_is_up();
    test_dropped_in_check();
    test_dropped_while_asking();
    test_refuses();
    test_drops_the_oldest();
    test_scripts_are_held_once();
    test_holds_what_is_counted();
    test_end_under_way();
    test_lost_connection();
    CHECK(ic_alloc_live() == held);
    test_failing_memory();
    return check_done("upkeep");
}
