/* First-in-first-out lists of calls. A call is in one list at most, and owned by none. */
#ifndef IC_LIST_H
#define IC_LIST_H

#include "core/engine/call.h"

typedef struct ic_list {
    ic_call *first, *last;
} ic_list;

/* Removes the call from the list that it is in, if any, and appends it to this one. */
void ic_list_append(ic_list *list, ic_call *call);
/* Removes the call from the list that it is in, if any. */
void ic_list_remove(ic_call *call);

#endif
