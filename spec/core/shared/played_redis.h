/* The parts of a driver for Redis that a test plays: a socket that is always ready, and replies that have the
 * type ic_reply already. */
#ifndef PLAYED_REDIS_H
#define PLAYED_REDIS_H

#include "core/shared/driver.h"
#include <string.h>
#include <unistd.h>

static int played_socket;

static inline int played_descriptor(const ic_redis_link *link, bool *reads, bool *writes) {
    (void)link;
    *reads = *writes = true;
    return played_socket;
}

static inline void played_serve(ic_redis_link *link, bool readable, bool writable) {
    (void)link, (void)readable, (void)writable;
}

/* Copies a text, or a list of integers. */
static inline bool played_copy(const void *reply, ic_reply *copy, void *(*allocate)(size_t, size_t)) {
    const ic_reply *from = reply;
    *copy = *from;
    if (from->text) copy->text = allocate(from->length + 1, 1);
    if (copy->text) memcpy(copy->text, from->text, from->length);
    if (from->items) copy->items = allocate(from->count, sizeof *from->items);
    if (copy->items) memcpy(copy->items, from->items, from->count * sizeof *from->items);
    if (!copy->items) copy->count = 0;
    return !copy->text == !from->text && !copy->items == !from->items;
}

#endif
