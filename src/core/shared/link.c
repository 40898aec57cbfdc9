/* The link to one Redis: a queue of commands, and a connection that is opened again when it has ended. */
#include "core/shared/link.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include "core/base/process.h"
#include "core/base/text.h"
#include "core/shared/greeting.h"
#include "core/shared/lookup.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Seconds. */
#define OPEN_TIMEOUT   5.0 /* to open a connection and log in */
#define ANSWER_TIMEOUT 5.0 /* until the oldest command must have its reply */
#define PAUSE_FIRST    0.1 /* before the connection is opened again */
#define PAUSE_LONGEST  2.0

#define REASON_SIZE  256
#define REASONS_SIZE 1024 /* for a reason at each of a host's addresses; more is cut off */

typedef enum link_state {
    LINK_IDLE,    /* nothing has been asked yet */
    LINK_LOOKUP,  /* for the host's addresses */
    LINK_OPENING, /* the connection */
    LINK_GREETING,
    LINK_READY,
    LINK_PAUSING /* until the next try */
} link_state;

struct ic_link {
    const ic_redis_driver *driver;
    ic_shared_address address;
    void (*wake)(void);
    link_state state;
    ic_lookup *lookup;
    char addresses[IC_ADDRESSES_LIMIT][INET6_ADDRSTRLEN];
    size_t address_count, address_next;
    /* Why each address failed; "": it has not been tried since the last success. */
    char address_reasons[IC_ADDRESSES_LIMIT][REASON_SIZE];
    ic_redis_link *connection; /* NULL: none */
    int descriptor;            /* its socket, which a forked child must close; -1: none */
    ic_commands waiting;       /* not sent yet */
    ic_commands sent;          /* in the order of their replies */
    ic_commands failing;       /* about to fail */
    int failures;              /* since the last time that the server could be reached */
    double state_until;        /* when the state's time is up */
    double earliest;           /* no command's time is up before this */
    double now, random;        /* of the call under way */
    bool due;                  /* there is something to do at once */
    char reason[REASONS_SIZE];
};

/* ---- the end of a command ---- */

/* Ends a command. It is removed from its list before its owner is called, because the owner may send or
 * forget other commands. */
static void link_finish(ic_link_command *command, ic_reply *reply, const ic_error *error) {
    ic_link_done *done = command->done;
    void *owner = command->owner;
    ic_command_free(command);
    if (done) done(owner, reply, error);
}

static void link_fail(const ic_link *link, ic_link_command *command, const char *why) {
    ic_error error = {0};
    ic_error_set(&error, IC_ERR_STORE, "Redis (%s) %s", link->address.name, why);
    if (ic_command_is_sent(command)) error.outcome = IC_OUTCOME_UNKNOWN;
    link_finish(command, NULL, &error);
    ic_error_clear(&error);
}

/* Fails the commands that have been moved to `failing`. */
static void link_fail_all(ic_link *link, const char *why) {
    while (link->failing.first)
        link_fail(link, link->failing.first, why);
}

/* ---- sending ---- */

/* Gives the command to the driver. False: out of memory, and nothing has been sent. */
static bool link_transmit(ic_link *link, ic_link_command *command) {
    ic_buf bytes = {0};
    bool good =
        ic_command_encode(command, &bytes) && link->driver->send(link->connection, bytes.data, bytes.length);
    if (bytes.data) ic_wipe(bytes.data, bytes.length);
    ic_buf_free(&bytes);
    if (!good) return false;
    ic_command_remove(command);
    command->sent_at = link->now;
    ic_commands_append(&link->sent, command);
    return true;
}

static void link_transmit_waiting(ic_link *link) {
    while (link->state == LINK_READY && link->waiting.first) {
        ic_link_command *command = link->waiting.first;
        if (link_transmit(link, command)) continue;
        ic_error error = {0};
        ic_error_memory(&error);
        link_finish(command, NULL, &error);
    }
}

static ic_link_command *link_enqueue(ic_link *link, ic_link_command *command, bool patient, double now,
                                     double until, ic_link_done *done, void *owner) {
    if (!command) return NULL;
    command->patient = patient;
    command->until = until;
    command->done = done;
    command->owner = owner;
    ic_commands_append(&link->waiting, command);
    link->now = now;
    link->earliest = fmin(link->earliest, until);
    link->due = true;
    return command;
}

ic_link_command *ic_link_send(ic_link *link, const char *const *words, const size_t *lengths, size_t count,
                              bool patient, double now, double until, ic_link_done *done, void *owner) {
    ic_link_command *command = ic_command_new(words, lengths, count);
    return link_enqueue(link, command, patient, now, until, done, owner);
}

ic_link_command *ic_link_run(ic_link *link, const ic_script *script, const char *const *words,
                             const size_t *lengths, size_t count, bool patient, double now, double until,
                             ic_link_done *done, void *owner) {
    ic_link_command *command = ic_command_new(words, lengths, count);
    if (command) command->script = *script;
    return link_enqueue(link, command, patient, now, until, done, owner);
}

void ic_link_forget(ic_link_command *command) {
    if (command->list && command->list->awaits) {
        command->done = NULL;             /* its reply still comes */
        command->script = (ic_script){0}; /* its text may be freed: it is not sent again */
    } else {
        ic_command_free(command);
    }
}

/* ---- the connection ---- */

static void link_forget_socket(ic_link *link) {
    if (link->descriptor >= 0) ic_process_unregister(link->descriptor);
    link->descriptor = -1;
}

static void link_close(ic_link *link) {
    link_forget_socket(link);
    if (link->connection) link->driver->close(link->connection);
    link->connection = NULL;
    ic_lookup_free(link->lookup);
    link->lookup = NULL;
}

/* Moves the commands that do not wait for another connection to `failing`. */
static void link_collect_impatient(ic_link *link) {
    for (ic_link_command *command = link->waiting.first, *next; command; command = next) {
        next = command->next;
        if (command->patient) continue;
        ic_command_remove(command);
        ic_commands_append(&link->failing, command);
    }
}

/* Sets the reason to what happened at each address that was tried. */
static void link_join_reasons(ic_link *link) {
    size_t length = 0;
    for (size_t i = 0; i < link->address_count; i++) {
        if (!*link->address_reasons[i]) continue;
        snprintf(link->reason + length, sizeof link->reason - length, "%s%s: %s", length ? "; " : "",
                 link->addresses[i], link->address_reasons[i]);
        length = strlen(link->reason);
    }
}

/* Sets the reason why the server cannot be reached. When a host has several addresses, they are tried in
 * turn, and the reason of one alone could hide what is wrong: nothing may listen at it. */
static void link_note_reason(ic_link *link, const char *why) {
    ic_buf line = {0};
    ic_text_escape(&line, why, strlen(why), REASON_SIZE - 1);
    const char *text = line.failed || !line.length ? "out of memory" : line.data;
    bool of_address = link->state == LINK_OPENING || link->state == LINK_GREETING;
    if (of_address && link->address_count > 1) {
        size_t tried = (link->address_next - 1) % link->address_count;
        snprintf(link->address_reasons[tried], REASON_SIZE, "%s", text);
        link_join_reasons(link);
    } else {
        snprintf(link->reason, sizeof link->reason, "%s", text);
    }
    ic_buf_free(&line);
}

/* The server cannot be reached, or not any more. Commands that were sent may have been carried out; those
 * that are patient and have not been sent wait for the next connection. */
static void link_break(ic_link *link, const char *why) {
    bool was_up = link->state == LINK_READY;
    link_note_reason(link, why);
    link_close(link);
    link->state = LINK_PAUSING;
    double pause = fmin(PAUSE_FIRST * pow(2, fmin(link->failures, 16)), PAUSE_LONGEST);
    link->state_until = link->now + pause * (0.5 + link->random / 2);
    link->failures++;
    while (link->sent.first) {
        ic_link_command *command = link->sent.first;
        ic_command_remove(command);
        ic_commands_append(&link->failing, command);
    }
    link_collect_impatient(link);
    char text[REASONS_SIZE + 64];
    snprintf(text, sizeof text, was_up ? "was lost: %s" : "cannot be reached: %s", link->reason);
    link_fail_all(link, text);
}

static void link_on_ended(void *owner, const char *why) {
    ic_link *link = owner;
    link_forget_socket(link);
    link->connection = NULL; /* the driver frees it */
    link_break(link, why);
}

static void link_on_ready(ic_link *link) {
    link->state = LINK_READY;
    link->failures = 0;
    memset(link->address_reasons, 0, sizeof link->address_reasons);
    link->state_until = INFINITY;
    link_transmit_waiting(link);
}

/* The reply to a command of the greeting. */
static void link_on_greeted(void *owner, ic_reply *reply, const ic_error *error) {
    ic_link *link = owner;
    char why[REASON_SIZE];
    if (link->state != LINK_GREETING) return;
    if (error)
        link_break(link, ic_error_message(error));
    else if (!ic_greeting_check(reply, why, sizeof why))
        link_break(link, why);
    else if (!link->sent.first)
        link_on_ready(link);
}

static void link_on_opened(void *owner) {
    ic_link *link = owner;
    link->state = LINK_GREETING;
    for (int step = 0; link->state == LINK_GREETING; step++) {
        const char *words[IC_GREETING_WORDS];
        char space[IC_GREETING_SPACE];
        size_t count = ic_greeting_step(&link->address, step, words, space);
        if (!count) break;
        ic_link_command *command = ic_command_new(words, NULL, count);
        if (command) {
            command->done = link_on_greeted;
            command->owner = link;
            command->until = INFINITY;
        }
        if (command && link_transmit(link, command)) continue;
        if (command) ic_command_free(command);
        link_break(link, "out of memory");
    }
}

/* Redis answers with these while it cannot serve anybody. Another connection may reach a server that can.
 * Redis 6 puts the error of a command in a script after the place of that command. */
static bool link_is_out_of_service(const ic_reply *reply) {
    static const char *const codes[] = {"LOADING", "READONLY",    "MASTERDOWN",
                                        "NOAUTH",  "CLUSTERDOWN", "MOVED"};
    const char *inner =
        ic_text_starts(reply->text, "ERR Error running script") ? strstr(reply->text, ": -") : NULL;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (ic_text_starts(reply->text, codes[i]) || (inner && ic_text_starts(inner + 3, codes[i])))
            return true;
    return false;
}

/* An error that Redis answers with. */
static void link_on_refused(ic_link *link, ic_link_command *command, const ic_reply *reply) {
    command->sent_at = 0; /* it was not carried out */
    bool unknown = ic_text_starts(reply->text, "NOSCRIPT");
    if (unknown && command->script.text && !command->whole_script) {
        command->whole_script = true;
        ic_commands_append(&link->waiting, command);
        link_transmit_waiting(link);
        return;
    }
    bool broken = link_is_out_of_service(reply);
    ic_buf line = {0};
    ic_text_escape(&line, reply->text, reply->length, REASON_SIZE - 1);
    char text[REASON_SIZE + 32];
    snprintf(text, sizeof text, "refused a command: %s",
             line.length && !line.failed ? line.data : "out of memory");
    ic_buf_free(&line);
    if (broken) ic_commands_append(&link->failing, command);
    if (broken)
        link_break(link, reply->text);
    else
        link_fail(link, command, text);
}

static void link_on_replied(void *owner, const void *answer) {
    ic_link *link = owner;
    ic_link_command *command = link->sent.first;
    ic_reply reply = {0};
    if (!command) {
        link_break(link, "it sent a reply that no command asked for");
        return;
    }
    bool greeting = command->done == link_on_greeted;
    ic_command_remove(command);
    if (!link->driver->copy(answer, &reply, ic_calloc)) {
        ic_error error = {0};
        ic_error_memory(&error);
        error.outcome = IC_OUTCOME_UNKNOWN;
        link_finish(command, NULL, &error);
        ic_error_clear(&error);
    } else if (reply.kind == IC_REPLY_ERROR && !greeting) {
        link_on_refused(link, command, &reply);
    } else {
        link_finish(command, &reply, NULL);
    }
    ic_reply_clear(&reply);
}

static const ic_redis_events link_events = {
    .replied = link_on_replied, .opened = link_on_opened, .ended = link_on_ended};

static void link_open(ic_link *link) {
    const ic_shared_address *address = &link->address;
    char why[REASON_SIZE] = "";
    ic_redis_target target = {.host = address->host,
                              .port = address->port,
                              .path = address->path,
                              .tls_name = address->tls ? address->host : NULL,
                              .ca_file = address->ca_file,
                              .ca_path = address->ca_path,
                              .client_cert = address->client_cert,
                              .client_key = address->client_key};
    if (link->address_count) target.host = link->addresses[link->address_next++ % link->address_count];
    link->state = LINK_OPENING;
    link->connection = link->driver->open(&target, &link_events, link, why, sizeof why);
    if (!link->connection) {
        link_break(link, *why ? why : "out of memory");
        return;
    }
    bool reads, writes;
    link->descriptor = link->driver->descriptor(link->connection, &reads, &writes);
    if (!ic_process_register(link->descriptor)) {
        link->descriptor = -1;
        link_break(link, "out of memory");
    }
}

static void link_begin(ic_link *link) {
    link->state_until = link->now + OPEN_TIMEOUT;
    link->address_count = 0;
    if (link->address.path || ic_host_is_address(link->address.host)) {
        link_open(link);
        return;
    }
    link->state = LINK_LOOKUP;
    link->lookup = ic_lookup_start(link->address.host, link->wake);
    if (!link->lookup) link_break(link, "the look-up of its name could not be started");
}

static void link_on_looked_up(ic_link *link) {
    char why[REASON_SIZE], before[IC_ADDRESSES_LIMIT][INET6_ADDRSTRLEN];
    memcpy(before, link->addresses, sizeof before);
    link->address_count = ic_lookup_read(link->lookup, link->addresses, why, sizeof why);
    if (memcmp(before, link->addresses, sizeof before) != 0)
        memset(link->address_reasons, 0, sizeof link->address_reasons);
    ic_lookup_free(link->lookup);
    link->lookup = NULL;
    if (link->address_count)
        link_open(link);
    else
        link_break(link, why);
}

/* ---- time ---- */

/* Fails the commands of a list whose time is up. The reply to one that was sent still comes. */
static void link_expire(ic_link *link, ic_commands *list) {
    for (ic_link_command *command = list->first, *next; command; command = next) {
        next = command->next;
        if (command->until > link->now) {
            link->earliest = fmin(link->earliest, command->until);
            continue;
        }
        if (list == &link->waiting) {
            ic_command_remove(command);
            ic_commands_append(&link->failing, command);
            continue;
        }
        if (ic_command_replace_by_placeholder(command)) ic_commands_append(&link->failing, command);
    }
}

static void link_expire_all(ic_link *link) {
    if (link->now < link->earliest) return;
    link->earliest = INFINITY;
    link_expire(link, &link->waiting);
    link_expire(link, &link->sent);
    char text[REASONS_SIZE + 64];
    if (link->failures)
        snprintf(text, sizeof text, "cannot be reached: %s", link->reason);
    else
        snprintf(text, sizeof text, "did not answer in time");
    link_fail_all(link, text);
}

/* When the oldest command that was sent must have its reply. */
static double link_answer_due(const ic_link *link) {
    return link->sent.first ? link->sent.first->sent_at + ANSWER_TIMEOUT : INFINITY;
}

/* While the server cannot be reached, impatient commands fail. */
static void link_fail_impatient(ic_link *link) {
    if (!ic_link_is_down(link)) return;
    link_collect_impatient(link);
    char text[REASONS_SIZE + 64];
    snprintf(text, sizeof text, "cannot be reached: %s", link->reason);
    link_fail_all(link, text);
}

void ic_link_serve(ic_link *link, bool readable, bool writable, double now, double random) {
    link->now = now;
    link->random = random;
    link->due = false;
    if (link->connection && (readable || writable)) link->driver->serve(link->connection, readable, writable);
    if (link->state == LINK_LOOKUP && ic_lookup_is_done(link->lookup)) link_on_looked_up(link);
    if (link->state == LINK_READY && now >= link_answer_due(link))
        link_break(link, "it has not answered for 5 s");
    if (now >= link->state_until && link->state == LINK_PAUSING)
        link_begin(link);
    else if (now >= link->state_until && link->state != LINK_IDLE && link->state != LINK_READY)
        link_break(link, "it did not answer in time");
    if (link->state == LINK_IDLE && link->waiting.first) link_begin(link);
    link_fail_impatient(link);
    link_transmit_waiting(link);
    link_expire_all(link);
}

double ic_link_due(const ic_link *link) {
    if (link->due || (link->lookup && ic_lookup_is_done(link->lookup))) return 0;
    double due = fmin(link->earliest, link_answer_due(link));
    return link->state == LINK_IDLE || link->state == LINK_READY ? due : fmin(due, link->state_until);
}

int ic_link_descriptor(const ic_link *link, bool *reads, bool *writes) {
    *reads = *writes = false;
    return link->connection ? link->driver->descriptor(link->connection, reads, writes) : -1;
}

bool ic_link_is_up(const ic_link *link) {
    return link->state == LINK_READY;
}
bool ic_link_is_down(const ic_link *link) {
    return link->failures > 0;
}
const char *ic_link_name(const ic_link *link) {
    return link->address.name;
}

/* ---- the link itself ---- */

ic_link *ic_link_new(const ic_redis_driver *driver, ic_shared_address *address, void (*wake)(void),
                     ic_error *error) {
    ic_link *link = ic_calloc(1, sizeof *link);
    if (!link) {
        ic_error_memory(error);
        return NULL;
    }
    link->driver = driver;
    link->address = *address;
    *address = (ic_shared_address){0};
    link->wake = wake;
    link->state_until = link->earliest = INFINITY;
    link->descriptor = -1;
    link->sent.awaits = true;
    return link;
}

void ic_link_free(ic_link *link) {
    if (!link) return;
    link_close(link);
    ic_commands_free(&link->waiting);
    ic_commands_free(&link->sent);
    ic_commands_free(&link->failing);
    ic_shared_address_clear(&link->address);
    ic_free(link);
}
