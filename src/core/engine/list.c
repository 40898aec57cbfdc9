#include "core/engine/list.h"

void ic_list_append(ic_list *list, ic_call *call) {
    ic_list_remove(call);
    call->list = list;
    call->previous = list->last;
    call->next = NULL;
    if (list->last)
        list->last->next = call;
    else
        list->first = call;
    list->last = call;
}

void ic_list_remove(ic_call *call) {
    ic_list *list = call->list;
    if (!list) return;
    if (call->previous)
        call->previous->next = call->next;
    else
        list->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        list->last = call->previous;
    call->list = NULL;
    call->previous = call->next = NULL;
}
