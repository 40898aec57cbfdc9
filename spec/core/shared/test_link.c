/* The link to Redis, with a driver that a test plays and times that it sets. */
#include "core/base/alloc.h"
#include "core/base/process.h"
#include "core/shared/link.h"
#include "spec/core/check.h"
#include "spec/core/shared/played_redis.h"
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a driver that records what is sent ---- */

static struct {
    const ic_redis_events *events;
    void *owner;
    int opened, closed;
    bool refuses;      /* to open a connection */
    char target[1024]; /* of the last connection */
    char sent[65536];
} played;

static const char *shown(const char *text) {
    return text ? text : "-";
}

static ic_redis_link *played_open(const ic_redis_target *target, const ic_redis_events *events, void *owner,
                                  char *why, size_t size) {
    snprintf(played.target, sizeof played.target, "%s %d %s %s %s %s", shown(target->host), target->port,
             shown(target->path), shown(target->tls_name), shown(target->ca_file), shown(target->ca_path));
    if (played.refuses) {
        snprintf(why, size, "refused\n\x1b[1m");
        return NULL;
    }
    played.events = events;
    played.owner = owner;
    played.opened++;
    played_socket = dup(0);
    return (ic_redis_link *)&played;
}

static bool played_send(ic_redis_link *link, const char *bytes, size_t length) {
    (void)link;
    strncat(played.sent, bytes, length);
    return true;
}

static void played_close(ic_redis_link *link) {
    (void)link;
    close(played_socket);
    played.closed++;
}

static const ic_redis_driver played_driver = {
    IC_REDIS_DRIVER_VERSION, "played",     false,        played_open, played_send,
    played_descriptor,       played_serve, played_close, played_copy};

static void played_reply(ic_reply_kind kind, const char *text) {
    ic_reply reply = {.kind = kind, .text = (char *)text, .length = strlen(text)};
    played.events->replied(played.owner, &reply);
}

static void played_end(const char *why) {
    close(played_socket);
    played.events->ended(played.owner, why);
}

/* ---- a link ---- */

static double now;
static char heard[4096]; /* what the owners of commands were told */

static void on_done(void *owner, ic_reply *reply, const ic_error *error) {
    bool unknown = error && error->outcome == IC_OUTCOME_UNKNOWN;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s:%s%s. ", (char *)owner,
             error         ? ic_error_message(error)
             : reply->text ? reply->text
                           : "-",
             unknown ? ", outcome unknown" : "");
}

static void wake(void) {}

/* A link to an address, with the option ca_file or NULL. */
static ic_link *link_to(const char *text, const char *ca_file) {
    ic_shared_address address = {0};
    ic_error error = {0};
    memset(&played, 0, sizeof played);
    heard[0] = '\0';
    now = 1000;
    CHECK(ic_shared_address_parse(text, &address, &error));
    if (ca_file) address.ca_file = ic_strdup(ca_file);
    ic_link *link = ic_link_new(&played_driver, &address, wake, &error);
    CHECK(link != NULL);
    return link;
}

static ic_link *link_new(void) {
    return link_to("redis://:SECRET-pw@10.0.0.1", NULL);
}

static void serve(ic_link *link) {
    ic_link_serve(link, false, false, now, 0.5);
}

static ic_link_command *ask(ic_link *link, const char *word, bool patient, double seconds) {
    const char *words[] = {word};
    return ic_link_send(link, words, NULL, 1, patient, now, now + seconds, on_done, (void *)word);
}

static void greet(ic_link *link) {
    serve(link);
    played.events->opened(played.owner);
    played_reply(IC_REPLY_TEXT, "OK");
    played_reply(IC_REPLY_TEXT, "redis_version:7.0.0\r\nredis_mode:standalone\r\n");
}

static void test_commands(void) {
    ic_link *link = link_new();
    CHECK(isinf(ic_link_due(link)) && !ic_link_is_up(link) && !ic_link_is_down(link));
    CHECK(ask(link, "A", true, 10) && ask(link, "B", false, 10));
    CHECK(ic_link_due(link) == 0 && !played.opened);
    greet(link);
    CHECK(ic_link_is_up(link));
    CHECK_TEXT(played.sent, "*2\r\n$4\r\nAUTH\r\n$9\r\nSECRET-pw\r\n*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n"
                            "*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n");
    played_reply(IC_REPLY_TEXT, "one");
    played_reply(IC_REPLY_ERROR, "ERR two\n");
    CHECK_TEXT(heard, "A:one. B:Redis (redis://10.0.0.1:6379/0) refused a command: ERR two\\n. ");
    ic_link_free(link);
    CHECK(played.closed == 1);
}

/* The certificate must be for the host of the address, whatever the address is that it was looked up to. */
static void test_targets(void) {
    static const struct {
        const char *text, *target;
    } cases[] = {
        {"redis://10.0.0.1:1", "10.0.0.1 1 - - /ca.pem -"},
        {"rediss://10.0.0.1:1", "10.0.0.1 1 - 10.0.0.1 /ca.pem -"},
        {"unix:///r.sock", "- 0 /r.sock - /ca.pem -"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_link *link = link_to(cases[i].text, "/ca.pem");
        ask(link, "A", true, 10);
        serve(link);
        CHECK_TEXT(played.target, cases[i].target);
        ic_link_free(link);
    }
}

static void test_a_lost_connection(void) {
    ic_link *link = link_new();
    ask(link, "A", true, 100);
    greet(link);
    played_end("gone");
    CHECK_TEXT(heard, "A:Redis (redis://10.0.0.1:6379/0) was lost: gone, outcome unknown. ");
    CHECK(ic_link_is_down(link));
    heard[0] = '\0';
    /* While it is down, an impatient command fails at once, and a patient one waits for the next connection.
     */
    ask(link, "B", false, 100);
    ask(link, "C", true, 100);
    serve(link);
    CHECK_TEXT(heard, "B:Redis (redis://10.0.0.1:6379/0) cannot be reached: gone. ");
    CHECK(ic_link_due(link) > now && ic_link_due(link) <= now + 0.1);
    now = ic_link_due(link);
    played.sent[0] = '\0';
    greet(link);
    CHECK(ic_link_is_up(link) && !ic_link_is_down(link) && played.opened == 2);
    CHECK(strstr(played.sent, "$1\r\nC\r\n") != NULL);
    ic_link_free(link);
}

static void test_growing_pauses(void) {
    ic_link *link = link_new();
    played.refuses = true;
    ask(link, "A", true, 1000);
    double pause = 0;
    serve(link);
    for (int i = 0; i < 12; i++) {
        double next = ic_link_due(link) - now;
        CHECK(next > pause - 1e-6 && next <= 2);
        pause = next;
        now += next;
        serve(link);
    }
    CHECK(pause > 1.4);
    CHECK_TEXT(heard, "");
    now = 3000;
    serve(link);
    CHECK(strncmp(heard, "A:Redis (redis://10.0.0.1:6379/0) cannot be reached: refused\\n\\x1B[1m", 69) == 0);
    ic_link_free(link);
}

/* ---- a host with two addresses ---- */

/* Instead of the C library's. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    static struct sockaddr_in ends[2] = {{.sin_family = AF_INET}, {.sin_family = AF_INET}};
    static struct addrinfo known[2];
    (void)service, (void)hints;
    if (strcmp(name, "redis.example") != 0) return EAI_NONAME;
    for (int i = 0; i < 2; i++) {
        ends[i].sin_addr.s_addr = htonl(0xC0000201 + (uint32_t)i); /* 192.0.2.1 and .2 */
        known[i] = (struct addrinfo){.ai_family = AF_INET,
                                     .ai_addrlen = sizeof ends[i],
                                     .ai_addr = (struct sockaddr *)&ends[i],
                                     .ai_next = i ? NULL : &known[1]};
    }
    *found = known;
    return 0;
}

void freeaddrinfo(struct addrinfo *found) {
    (void)found;
}

static void serve_until_opened(ic_link *link, int opened) {
    while (played.opened < opened) {
        if (isfinite(ic_link_due(link))) now = fmax(now, ic_link_due(link));
        serve(link);
        sched_yield();
    }
}

static void test_reasons_of_addresses(void) {
    long begun = ic_alloc_live();
    ic_link *link = link_to("redis://redis.example", NULL);
    ask(link, "A", true, 1e6);
    serve_until_opened(link, 1);
    CHECK(strncmp(played.target, "192.0.2.1 ", 10) == 0);
    played_end("its certificate has expired");
    serve_until_opened(link, 2);
    CHECK(strncmp(played.target, "192.0.2.2 ", 10) == 0);
    played_end("Connection refused");
    ask(link, "B", false, 10);
    serve(link);
    CHECK_TEXT(heard,
               "B:Redis (redis://redis.example:6379/0) cannot be reached: 192.0.2.1: its certificate has "
               "expired; 192.0.2.2: Connection refused. ");
    /* What was wrong before a success is not said any more. */
    serve_until_opened(link, 3);
    greet(link);
    CHECK(ic_link_is_up(link));
    heard[0] = '\0';
    ask(link, "C", true, 1e6);
    serve(link);
    played_end("gone");
    serve_until_opened(link, 4);
    played_end("refused");
    ask(link, "D", false, 10);
    serve(link);
    CHECK(strstr(heard, "cannot be reached: 192.0.2.2: refused. ") != NULL);
    CHECK(strstr(heard, "expired") == NULL);
    ic_link_free(link);
    /* The thread of a look-up frees it, if it is the last of its owners. */
    for (int i = 0; i < 10000 && ic_alloc_live() > begun; i++)
        usleep(1000);
    CHECK(ic_alloc_live() == begun);
}

static void test_time_limits(void) {
    ic_link *link = link_new();
    ask(link, "A", true, 1);
    ask(link, "B", true, 100);
    greet(link);
    now += 2;
    serve(link);
    CHECK_TEXT(heard, "A:Redis (redis://10.0.0.1:6379/0) did not answer in time, outcome unknown. ");
    /* The late reply to A is not taken for that to B. */
    played_reply(IC_REPLY_TEXT, "late");
    played_reply(IC_REPLY_TEXT, "two");
    CHECK_TEXT(heard, "A:Redis (redis://10.0.0.1:6379/0) did not answer in time, outcome unknown. B:two. ");
    heard[0] = '\0';
    ask(link, "C", true, 100);
    serve(link);
    now += 6;
    serve(link);
    CHECK(strstr(heard, "C:") && strstr(heard, "has not answered for 5 s"));
    CHECK(played.closed == 1 && ic_link_is_down(link));
    ic_link_free(link);
}

static void test_a_greeting_without_an_end(void) {
    ic_link *link = link_new();
    ask(link, "A", true, 100);
    serve(link);
    played.events->opened(played.owner);
    now += 6;
    serve(link);
    CHECK(ic_link_is_down(link) && played.closed == 1);
    ic_link_free(link);
}

static void test_scripts(void) {
    static const char text[] = "return 1";
    ic_link *link = link_new();
    ic_script script = {text, strlen(text), 1};
    const char *words[] = {"key", "argument"};
    ask(link, "A", true, 100);
    greet(link);
    played_reply(IC_REPLY_TEXT, "one");
    played.sent[0] = heard[0] = '\0';
    CHECK(ic_link_run(link, &script, words, NULL, 2, true, now, now + 10, on_done, "S") != NULL);
    serve(link);
    CHECK_TEXT(played.sent, "*5\r\n$7\r\nEVALSHA\r\n$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n"
                            "$1\r\n1\r\n$3\r\nkey\r\n$8\r\nargument\r\n");
    played.sent[0] = '\0';
    played_reply(IC_REPLY_ERROR, "NOSCRIPT No matching script");
    CHECK_TEXT(played.sent,
               "*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$3\r\nkey\r\n$8\r\nargument\r\n");
    played_reply(IC_REPLY_TEXT, "done");
    CHECK_TEXT(heard, "S:done. ");
    ic_link_free(link);
}

static void test_a_server_out_of_service(void) {
    static const char *const replies[] = {
        "LOADING Redis is loading", "READONLY replica", "MASTERDOWN x",
        "ERR Error running script (call to f_0): @user_script:5: @user_script: 5: -READONLY You can't write"};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        ic_link *link = link_new();
        ask(link, "A", true, 100);
        greet(link);
        played_reply(IC_REPLY_ERROR, replies[i]);
        CHECK(ic_link_is_down(link) && strncmp(heard, "A:", 2) == 0);
        ic_link_free(link);
    }
}

static void test_forgotten_commands(void) {
    ic_link *link = link_new();
    ic_link_command *first = ask(link, "A", true, 100), *second = ask(link, "B", true, 100);
    ask(link, "C", true, 100);
    ic_link_forget(second);
    greet(link);
    ic_link_forget(first);
    played_reply(IC_REPLY_TEXT, "one");
    played_reply(IC_REPLY_TEXT, "three");
    CHECK_TEXT(heard, "C:three. ");
    ic_link_free(link);
}

/* A script that was forgotten is not sent again: its text may have been freed. */
static void test_a_forgotten_script(void) {
    ic_link *link = link_new();
    char *text = ic_strdup("return 1");
    ic_script script = {text, strlen(text), 0};
    const char *words[] = {"argument"};
    ic_link_command *command = ic_link_run(link, &script, words, NULL, 1, true, now, now + 10, on_done, "S");
    ask(link, "A", true, 100);
    greet(link);
    ic_link_forget(command);
    ic_free(text);
    played.sent[0] = '\0';
    played_reply(IC_REPLY_ERROR, "NOSCRIPT No matching script");
    played_reply(IC_REPLY_TEXT, "one");
    CHECK_TEXT(played.sent, "");
    CHECK_TEXT(heard, "A:one. ");
    ic_link_free(link);
}

/* A command ends once, whatever allocation fails: with its reply, with an error, or it was not taken. */
static void test_failing_allocations(void) {
    long begun = ic_alloc_live();
    bool clean = false;
    for (long nth = 1; !clean; nth++) {
        ic_link *link = link_new();
        ic_alloc_fail_only(nth);
        ic_link_command *command = ask(link, "A", false, 10);
        serve(link);
        if (played.events && ic_link_descriptor(link, &(bool){0}, &(bool){0}) >= 0) {
            played.events->opened(played.owner);
            if (!ic_link_is_down(link)) played_reply(IC_REPLY_TEXT, "OK");
            if (!ic_link_is_down(link)) played_reply(IC_REPLY_TEXT, "redis_version:7.0.0");
            if (ic_link_is_up(link) && strstr(played.sent, "$1\r\nA")) played_reply(IC_REPLY_TEXT, "one");
        }
        ic_alloc_fail_only(0);
        int told = 0;
        for (const char *at = heard; (at = strstr(at, "A:")); at++)
            told++;
        clean = strcmp(heard, "A:one. ") == 0;
        CHECK(told == (command ? 1 : 0));
        ic_link_free(link);
        CHECK(nth < 1000);
        if (nth >= 1000) break;
    }
    CHECK(ic_alloc_live() == begun);
}

int main(void) {
    ic_process_prepare();
    long begun = ic_alloc_live();
    test_commands();
    test_targets();
    test_a_lost_connection();
    test_growing_pauses();
    test_reasons_of_addresses();
    test_time_limits();
    test_a_greeting_without_an_end();
    test_scripts();
    test_a_server_out_of_service();
    test_forgotten_commands();
    test_a_forgotten_script();
    test_failing_allocations();
    CHECK(ic_alloc_live() <= begun + 1); /* the table of descriptors stays */
    return check_done("link");
}
