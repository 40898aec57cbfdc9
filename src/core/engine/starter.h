/* What the starter of a call does with it: the thread that has made it and takes its result. Functions
 * here may be called from any thread. */
#ifndef IC_STARTER_H
#define IC_STARTER_H

#include "core/engine/call.h"

/* A mailbox for calls (mailbox.h). NULL with IO or MEMORY. */
ic_mailbox *ic_call_mailbox_new(ic_error *error);
/* The next call with notices, owned by the caller now; NULL: none waits. */
ic_call *ic_call_take(ic_mailbox *mailbox, unsigned *notices);
/* The same, but a question stays in the mailbox: then NULL, with IC_NOTICE_ASK in the notices. */
ic_call *ic_call_take_unless_urgent(ic_mailbox *mailbox, unsigned *notices);
/* Takes the call out of its mailbox if it is done and nothing else has been posted there, so that its reader
 * need not look. */
bool ic_call_take_end(ic_call *call);
/* Hands the call to the engine. A call is started once. False: the call will not be done. With IO, MEMORY or
 * CANCELLED the engine cannot run; with AUTH a call of Clickwrap lacks the token that it needs. */
bool ic_call_start(ic_call *call, ic_error *error);
/* Ends the call soon, with CANCELLED unless it ends by itself before. Does nothing when it is done, or was
 * made by another process. */
void ic_call_cancel(ic_call *call);
/* Nobody waits for the call any more: cancels it, unless it has been sent and may not be repeated. */
void ic_call_abandon(ic_call *call);
/* The question must be begun within `seconds`. Otherwise it has failed, and `message`, which is copied, says
 * why. At most once for each question. False when out of memory. */
bool ic_call_expect(ic_call *question, double seconds, const char *message);
/* Begins to answer a question. False: it has failed meanwhile, and must not be answered. */
bool ic_call_begin(ic_call *question);
/* Answers a question. `answer` is taken over; NULL: there is no answer. */
void ic_call_answer(ic_call *call, cJSON *answer);
/* Moves the bytes that wait for the sink to `chunk`, and drops its old bytes. The transfer continues. False:
 * no bytes wait. */
bool ic_call_take_chunk(ic_call *call, ic_buf *chunk);

#endif
