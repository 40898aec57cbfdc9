/* A call: one operation, or one internal request, from its start to its result. It has two owners, counted:
 * the engine and the starter. Commands go from the starter to the engine (starter.h), notices from the engine
 * to the starter's mailbox. Neither can fail, because the memory for them is part of the call. Functions here
 * may be called from any thread, unless said otherwise. */
#ifndef IC_CALL_H
#define IC_CALL_H

#include "core/base/buf.h"
#include "core/base/mailbox.h"
#include "core/base/table.h"
#include "core/base/timers.h"
#include "core/engine/event.h"
#include "core/engine/stats.h"
#include "core/http/answer.h"
#include "core/http/connection.h"
#include "core/http/request.h"
#include <stdatomic.h>

#define IC_SLOT_SIZE 24

/* A permit from the shared Redis (shared_permits.h). */
typedef struct ic_shared_permit {
    double asked;            /* when it was asked for, in ic_now's seconds; 0: there is none */
    char slot[IC_SLOT_SIZE]; /* where Redis counts it */
} ic_shared_permit;

/* Bits of ic_call.commands. */
enum {
    IC_COMMAND_START = 1,
    IC_COMMAND_CANCEL = 2,
    IC_COMMAND_RESUME = 4,   /* the sink has taken its chunk */
    IC_COMMAND_ANSWER = 8,   /* the question has been answered */
    IC_COMMAND_ABANDON = 16, /* nobody waits for the result */
    IC_COMMAND_EXPECT = 32   /* the question must be begun within some time */
};

/* What has become of a question. */
enum { IC_QUESTION_WAITS, IC_QUESTION_BEGUN, IC_QUESTION_EXPIRED };

/* Notices: bits of ic_call.node. */
enum {
    IC_NOTICE_DONE = 1,
    IC_NOTICE_CHUNK = 2, /* a chunk for the sink waits */
    IC_NOTICE_ASK = 4,   /* the call is a question (store_worker.h) */
    IC_NOTICE_EVENT = 8  /* an event or progress waits (call_events.h) */
};

/* Bytes that are kept for a sink before the transfer pauses. */
#define IC_SINK_LIMIT (256 * 1024)

typedef enum ic_output { IC_TO_MEMORY, IC_TO_PATH, IC_TO_SINK } ic_output;

/* A call's own options. */
typedef struct ic_call_options {
    char *as_user; /* owned; NULL: the connection's; "": none */
    double timeout, deadline,
        max_retries; /* seconds, seconds, count; negative: the connection's; deadline 0: none */
    ic_output output;
    char *path;    /* owned; for IC_TO_PATH: as the caller named it */
    char *place;   /* owned; for IC_TO_PATH: the same path, absolute */
    bool progress; /* progress is reported (call_events.h) */
} ic_call_options;

/* How much of a body has been moved. */
typedef struct ic_progress {
    double done, total; /* bytes; total negative: unknown */
    bool pending;       /* not taken yet */
} ic_progress;

typedef struct ic_call ic_call;

typedef enum ic_state {
    IC_STATE_NEW,
    IC_STATE_WAIT_TOKEN,
    IC_STATE_WAIT_BUDGET,    /* for a rate-limit permit */
    IC_STATE_WAIT_IN_FLIGHT, /* for an in-flight permit */
    IC_STATE_SENDING,
    IC_STATE_WAIT_REPEAT,
    IC_STATE_SLEEPING,    /* IC_PURPOSE_SLEEP */
    IC_STATE_WAIT_SHARED, /* IC_PURPOSE_SHARED */
    IC_STATE_DONE
} ic_state;

/* What a call is for. All but NONE are internal requests. */
typedef enum ic_purpose {
    IC_PURPOSE_NONE,     /* an operation */
    IC_PURPOSE_PREPARE,  /* makes sure that a token can be saved, before a code is spent on one */
    IC_PURPOSE_EXCHANGE, /* its answer is the connection's new token (the authorization code grant) */
    IC_PURPOSE_FORGET,   /* the connection's token is forgotten, in its store too */
    IC_PURPOSE_INSPECT,  /* results in {expires_in, scope} of the connection's token */
    IC_PURPOSE_ASK,      /* a question to a token store written in Lua (store_worker.h); never started */
    IC_PURPOSE_SLEEP,    /* ends without error after sleep_seconds */
    IC_PURPOSE_SHARED    /* results in the shared Redis's reply to `question` (shared_call.h) */
} ic_purpose;

struct ic_token_entry;
struct ic_host_queue;
struct ic_rate_queue;
struct ic_transfer;

struct ic_call {
    atomic_int references;
    unsigned long id;          /* unique within the process */
    unsigned generation;       /* of the process that made it (process.h) */
    ic_mailbox *mailbox;       /* retained; NULL: a call of the engine's own */
    ic_connection *connection; /* retained */

    /* Set by the starter before the start. After that, only the engine uses it. */
    ic_request request; /* a redirect changes its target */
    ic_call_options options;
    ic_purpose purpose;
    double sleep_seconds;         /* of IC_PURPOSE_SLEEP */
    struct ic_question *question; /* of IC_PURPOSE_SHARED; owned; question.h */
    /* The starter's. It calls ic_engine_wait at once, so the engine is not woken before that. */
    bool awaited;

    /* Between the owners. */
    atomic_uint commands;
    ic_call *next_command; /* in the engine's inbox; guarded by the process lock */
    ic_mailbox_node node;  /* in the mailbox's queue */
    cJSON *answer;         /* owned; to a question: set before IC_COMMAND_ANSWER; NULL: none */
    atomic_int stage;      /* of a question: IC_QUESTION_… */
    /* Of a question, set before IC_COMMAND_EXPECT: the seconds in which it must be begun, and what the error
     * says otherwise; owned. */
    double begin_within;
    char *unless_begun;
    atomic_bool done; /* set last: from then on everything under "result" may be read, and does not change */

    /* Between the owners, guarded by the mailbox's lock. */
    ic_buf chunk;                       /* for the sink */
    bool paused;                        /* the transfer waits for the sink */
    ic_event *first_event, *last_event; /* owned */
    unsigned event_count, events_lost;
    ic_progress progress;

    /* Used by the engine only. */
    ic_state state;
    ic_timer timer;
    double started, deadline, resume_at; /* ic_now's seconds; deadline 0: none */
    double attempt_began, attempt_ends;  /* ic_now's seconds; ends: when the attempt is ended; 0: never */
    double progress_told;                /* when progress was last noted */
    double wait_began;                   /* of the wait that it is in */
    ic_wait_reason wait_reason;
    int attempts, retries, redirects;
    int unsent;           /* how often its attempt has met a closed connection, and was not sent */
    bool fresh;           /* the next attempt uses a new connection */
    bool renewed;         /* its token was refused, and renewed */
    bool second_chance;   /* … from the store: that token may be refused too, and renewed once more */
    bool served;          /* a token has just been fetched for it, and is used however soon it expires */
    bool abandoned;       /* nobody waits for it: no attempt follows the one under way */
    bool earlier_unknown; /* an earlier attempt ended with an unknown outcome */
    bool waits;           /* it is in a wait that is noted and counted (wait.h) */
    bool has_rate_permit; /* of rate_queue's budget */
    ic_shared_permit shared_permit; /* of rate_queue's permits */
    bool has_in_flight_permit;      /* of host_queue */
    bool timer_reserved;            /* the timer's memory is reserved */
    char *foreign_url; /* owned; where a redirect of a download leads, on another host; NULL: nowhere */
    struct ic_token_entry *token_entry;
    unsigned token_generation; /* of the token that was sent */
    struct ic_rate_queue *rate_queue;
    struct ic_host_queue *host_queue;
    struct ic_shared *shared;                     /* of IC_PURPOSE_SHARED */
    struct ic_link_command *shared_command;       /* its command under way, or NULL */
    struct ic_upkeep_item *upkeep;                /* which lasts as long as the call, or NULL */
    struct ic_list *list;                         /* in which it waits, or NULL */
    ic_call *previous, *next;                     /* in that list */
    struct ic_transfer *transfer;                 /* the attempt under way, or NULL */
    void (*on_done)(void *engine, ic_call *call); /* of the engine's own calls */
    void *owner;                                  /* for on_done */
    ic_table_node live_node;                      /* in ic_engine.live_by_id */
    ic_call *previous_live, *next_live;           /* in ic_engine.live */

    /* Result. */
    ic_response response;
    ic_value value;
    ic_error error; /* kind IC_OK: the call succeeded */
};

/* Posts notices of the call to its mailbox. False: the mailbox is closed, and they will not be taken. */
bool ic_call_post(ic_call *call, unsigned notices);

/* A new call with one owner, whose request, options and purpose are for the caller to fill. `mailbox`
 * NULL: a call of the engine's own. Retains mailbox and connection. NULL when out of memory. */
ic_call *ic_call_new(ic_mailbox *mailbox, ic_connection *connection);
void ic_call_retain(ic_call *call);
void ic_call_release(ic_call *call); /* NULL is allowed */

/* Whether the result is there. */
bool ic_call_done(ic_call *call);
/* Whether the result, a chunk for the sink, an event or progress is there. */
bool ic_call_has_pending(ic_call *call);
/* Seconds that an attempt and the whole call may take; 0: no limit, which is the default for files. */
double ic_call_timeout(const ic_call *call);
double ic_call_deadline(const ic_call *call);
/* Whether the call moves a file: over HTTP/1.1, uncompressed, with a limit on stalling instead of on time. */
bool ic_call_moves_file(const ic_call *call);
/* Appends the URL that the call is sent to now. The engine's thread only, once the call has been started. */
void ic_call_url(const ic_call *call, ic_buf *url);
/* The user (e-mail address or id) that the call acts as, or NULL. */
const char *ic_call_actor(const ic_call *call);

#endif
