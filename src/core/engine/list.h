/* First-in-first-out lists of calls; a call is in one at most. */
#ifndef IC_LIST_H
#define IC_LIST_H

#include "core/engine/call.h"

typedef struct ic_list {
    ic_call *first, *last;
} ic_list;

void ic_list_append(ic_list *list, ic_call *call);
/* Takes the call out of whatever list it is in, if any. */
void ic_list_remove(ic_call *call);

#endif
