/* A call of IC_PURPOSE_SHARED: a command or a script for the shared Redis, whose reply is the call's value.
 */
#ifndef IC_SHARED_CALL_H
#define IC_SHARED_CALL_H

#include "core/engine/engine.h"

/* Made by the starter, and owned by the call. */
typedef struct ic_question {
    ic_buf bytes;    /* the words, one after the other */
    size_t *lengths; /* owned; of each word */
    size_t count, capacity;
    char *script; /* owned; its text; NULL: a plain command */
    size_t script_length, script_keys;
    double seconds; /* how long its answer may take */
} ic_question;

void ic_question_free(ic_question *question); /* NULL is allowed */
/* Adds a word. False when out of memory. */
bool ic_question_add(ic_question *question, const char *word, size_t length);

/* The engine's thread only. Sends the call's question. */
void ic_shared_call_begin(ic_engine *engine, ic_call *call);
/* The call has ended: its reply is not needed any more. */
void ic_shared_call_leave(ic_call *call);

#endif
