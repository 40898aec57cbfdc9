/* What a call of IC_PURPOSE_SHARED sends to the shared Redis: a command or a script. Made by the starter, and
 * owned by the call, or by the item that is kept up (upkeep.h). */
#ifndef IC_QUESTION_H
#define IC_QUESTION_H

#include "core/base/buf.h"

typedef struct ic_question {
    ic_buf bytes;    /* the words, one after the other */
    size_t *lengths; /* owned; of each word */
    size_t count, capacity;
    char *script; /* owned; its text; NULL: a plain command, or a group has taken it (upkeep.c) */
    size_t script_length, script_keys;
    double seconds;                /* how long its answer may take */
    struct ic_upkeep_terms *terms; /* owned; NULL: what it tells Redis is not kept up there */
} ic_question;

/* How an item is kept up (upkeep.h). */
typedef struct ic_upkeep_terms {
    /* The script that checks, its keys, and the item's words for it. Items whose scripts and keys are equal
     * make a group. */
    ic_question check;
    double every;            /* seconds between two checks; longer when there are many items */
    double lasting;          /* seconds after which the item ends if it is there; INFINITY: never */
    int patience;            /* how many checks in a row must say that it is lost */
    size_t most, most_bytes; /* items and bytes of a group */
    bool refuses; /* when there is no room, the question fails; otherwise the oldest item is dropped. Such
                   * items are the events of IC_GAUGE_KEPT */
    bool insists; /* the item is kept up although the question has failed */
    bool held;    /* the item lasts as long as its call, and its question is not asked at first */
} ic_upkeep_terms;

void ic_question_free(ic_question *question); /* NULL is allowed */
/* Adds a word. False when out of memory. */
bool ic_question_add(ic_question *question, const char *word, size_t length);
/* Its words as pointers, for the caller to free with ic_free. NULL when out of memory. */
const char **ic_question_words(const ic_question *question);

#endif
