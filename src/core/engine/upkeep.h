/* Items: what this process has told the shared Redis, and tells it again when Redis has lost it. An item is
 * an event that it has put into an inbox, that it has in hand or that it has handled, or a lock that it has.
 *
 * A script checks the items of a group every so often, and answers for each: 0, it is no longer needed; 1, it
 * is there; 2, it is lost; 3, it is there, and is the first to be dropped when there is no room. The question
 * of a lost item is asked again. A check may also extend the item's lease. How that is done is in the
 * question's terms (question.h). The engine's thread only. */
#ifndef IC_UPKEEP_H
#define IC_UPKEEP_H

#include "core/engine/question.h"
#include "core/engine/shared.h"

typedef struct ic_upkeep_item ic_upkeep_item;

/* Whether there is room for an item with this question. False: STORE says what is full. */
bool ic_upkeep_has_room(ic_engine *engine, ic_shared *shared, const ic_question *question, ic_error *error);
/* Keeps an item, and takes its question over. NULL when out of memory: the question is freed. `call`:
 * completed when the item ends by itself; borrowed; NULL: none. */
ic_upkeep_item *ic_upkeep_add(ic_engine *engine, ic_shared *shared, ic_question *question, ic_call *call);
/* Drops the item. Its call is not completed. */
void ic_upkeep_drop(ic_upkeep_item *item);
void ic_upkeep_free(ic_engine *engine);

#endif
