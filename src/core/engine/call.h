/* A call: one operation from its start to its answer. It has two owners, the engine and whoever started it,
 * counted; between them go commands (to the engine) and notices (to the mailbox), which cannot fail because
 * their room is part of the call. */
#ifndef IC_CALL_H
#define IC_CALL_H

#include "core/base/buf.h"
#include "core/base/mailbox.h"
#include "core/base/timers.h"
#include "core/http/answer.h"
#include "core/http/connection.h"
#include "core/http/request.h"
#include <stdatomic.h>

/* Bits of ic_call.commands. */
enum {
    IC_COMMAND_START = 1,
    IC_COMMAND_CANCEL = 2,
    IC_COMMAND_RESUME = 4,
    IC_COMMAND_ANSWER = 8,
    IC_COMMAND_ABANDON = 16
};
/* Bits of ic_call.notices: the call has ended; a chunk for the sink is there; it is a question
 * (store_worker.h); something happened that is told to whoever watches (event.h). */
enum { IC_NOTICE_DONE = 1, IC_NOTICE_CHUNK = 2, IC_NOTICE_ASK = 4, IC_NOTICE_EVENT = 8 };

/* Bytes kept for a sink that does not take them, before the transfer pauses. */
#define IC_SINK_LIMIT (256 * 1024)

typedef enum ic_output { IC_TO_MEMORY, IC_TO_PATH, IC_TO_SINK } ic_output;

/* What one call says differently from its connection. */
typedef struct ic_call_options {
    char *as_user;                         /* owned; NULL: the connection's; "": none */
    double timeout, deadline, max_retries; /* negative: the connection's; deadline 0: none */
    ic_output output;
    char *path;    /* owned; of IC_TO_PATH */
    bool progress; /* how far its body has come is noted */
} ic_call_options;

/* How far a body has come. */
typedef struct ic_progress {
    double done, total; /* bytes; total negative: unknown */
    bool pending;       /* not told yet */
} ic_progress;

typedef struct ic_call ic_call;
typedef struct ic_event ic_event;

typedef enum ic_state {
    IC_STATE_NEW,
    IC_STATE_WAIT_TOKEN,
    IC_STATE_WAIT_BUDGET,
    IC_STATE_WAIT_IN_FLIGHT, /* in the queue of its host */
    IC_STATE_SENDING,
    IC_STATE_WAIT_REPEAT,
    IC_STATE_SLEEPING, /* of IC_PURPOSE_SLEEP */
    IC_STATE_DONE
} ic_state;

/* What a call is for. All but NONE are internal requests. */
typedef enum ic_purpose {
    IC_PURPOSE_NONE,     /* an operation */
    IC_PURPOSE_PREPARE,  /* makes sure that a token can be saved, before a code is spent on one */
    IC_PURPOSE_EXCHANGE, /* its answer is the connection's new token (the authorization code grant) */
    IC_PURPOSE_FORGET,   /* the connection's token is forgotten, where it is kept too */
    IC_PURPOSE_INSPECT,  /* answers {expires_in, scope} of the connection's token */
    IC_PURPOSE_ASK,      /* is never started: a question to a token store written in Lua (store_worker.h) */
    IC_PURPOSE_SLEEP     /* ends well after sleep_seconds */
} ic_purpose;

struct ic_token_entry;
struct ic_host_queue;
struct ic_rate_queue;
struct ic_transfer;

struct ic_call {
    atomic_int references;
    unsigned long id;          /* unique within the process */
    unsigned generation;       /* of the process that made it (process.h) */
    ic_mailbox *mailbox;       /* counted; NULL: a call of the engine's own */
    ic_connection *connection; /* counted */
    ic_request request;        /* the engine's once started: a redirect changes its target */
    ic_call_options options;

    /* Between the owners. */
    atomic_uint commands;
    ic_call *next_command;              /* guarded by the engine's gate */
    ic_mailbox_node node;               /* in the mailbox's queue */
    ic_buf chunk;                       /* for the sink; guarded by the mailbox */
    bool paused;                        /* the transfer waits for the sink; guarded by the mailbox */
    ic_event *first_event, *last_event; /* owned; guarded by the mailbox, as are: */
    unsigned event_count, events_lost;
    ic_progress progress;
    cJSON *answer;    /* to a question: given before ANSWER is ordered, NULL when there is none; owned */
    atomic_bool done; /* set last: everything under "result" may then be read */

    /* The engine's alone. */
    ic_state state;
    ic_timer timer;
    double started, deadline, resume_at; /* ic_now's seconds; deadline 0: none */
    double attempt_began, attempt_ends;  /* ends: when it will have taken too long; 0: never */
    double progress_told;                /* when progress was last told */
    int attempts, repeats, redirects;
    bool fresh;         /* the next attempt takes a new connection */
    bool second_chance; /* it was renewed with a token of the store, which may be refused too */
    bool served;        /* a token has just been fetched for it, and is used whatever is left of its life */
    bool renewed, earlier_unknown, has_rate_permit, has_in_flight_permit, enrolled;
    ic_purpose purpose;   /* set before it is started */
    double sleep_seconds; /* seconds that IC_PURPOSE_SLEEP lasts; set before it is started */
    char *foreign_url;    /* URL on another host that a download was sent to; no bearer goes there */
    struct ic_token_entry *token_entry;
    unsigned token_generation;        /* of the entry's token that was sent */
    struct ic_rate_queue *rate_queue; /* whose budget it uses */
    struct ic_host_queue *host_queue; /* where it takes turns */
    ic_call *previous, *next;         /* in the list it waits in */
    struct ic_list *list;             /* … or NULL */
    struct ic_transfer *transfer;
    void (*on_done)(void *engine, ic_call *call); /* of the engine's own calls */
    void *owner;                                  /* for on_done */
    ic_call *previous_live, *next_live;           /* all calls that the engine owns */

    /* Result. */
    ic_response response;
    ic_value value;
    ic_error error;
};

/* A mailbox for calls (mailbox.h). */
ic_mailbox *ic_call_mailbox_new(ic_error *error);
/* The next call with a notice, owned by the caller now, and the notices; NULL when none waits. */
ic_call *ic_call_take(ic_mailbox *mailbox, unsigned *notices);
/* Puts notices of the call into its mailbox. False: nobody will hear of it. */
bool ic_call_post(ic_call *call, unsigned notices);

/* A new call of one owner, with empty request and options for the caller to fill. `mailbox` NULL: the
 * engine's own. NULL without memory. Retains mailbox and connection. */
ic_call *ic_call_new(ic_mailbox *mailbox, ic_connection *connection);
void ic_call_retain(ic_call *call);
void ic_call_release(ic_call *call);

/* Hands the call to the engine; false with IO when that cannot run. A call is started once. */
bool ic_call_start(ic_call *call, ic_error *error);
/* Ends the call soon, with CANCELLED unless it ends by itself before; without effect once it is done. */
void ic_call_cancel(ic_call *call);
/* Nobody waits for it any more: cancels it, unless it may not be repeated and has been sent. */
void ic_call_abandon(ic_call *call);
bool ic_call_done(ic_call *call);
/* Whether it is done, or something waits for its sink or for whoever watches it. */
bool ic_call_has_pending(ic_call *call);
/* Answers a question with a tree, which is taken over; NULL: there is no answer. */
void ic_call_answer(ic_call *call, cJSON *answer);
/* Takes what waits for the sink into `chunk` (emptied before); false when there is nothing. The transfer goes
 * on. */
bool ic_call_take_chunk(ic_call *call, ic_buf *chunk);

/* Seconds; 0: none. Files may take as long as they move (DESIGN, Policy). */
double ic_call_timeout(const ic_call *call);
double ic_call_deadline(const ic_call *call);
/* Whether it moves a file: by HTTP/1.1, uncompressed, with a limit on stalling instead of on time. */
bool ic_call_moves_file(const ic_call *call);
/* Appends the whole URL that the call is sent to now. */
void ic_call_url(const ic_call *call, ic_buf *url);
/* Whom it acts as, or NULL. */
const char *ic_call_actor(const ic_call *call);

#endif
