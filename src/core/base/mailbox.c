#include "core/base/mailbox.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/platform.h"
#include "core/base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct ic_mailbox {
    atomic_int references;
    const ic_mailbox_hooks *hooks;
    atomic_int unsaved;
    atomic_int urgent; /* nodes in the queue with an urgent notice */
    unsigned generation;
    int read_end, write_end;
    atomic_uint word;     /* changes whenever the queue gets its first node */
    atomic_uint sleepers; /* threads that wait for it to change */
    pthread_mutex_t lock; /* guards all below */
    bool closed;
    bool piped; /* a byte is in the pipe while the queue holds a node, for a caller that polls it */
    ic_mailbox_node *first, *last;
};

ic_mailbox *ic_mailbox_new(const ic_mailbox_hooks *hooks, ic_error *error) {
    int ends[2];
    ic_mailbox *mailbox = ic_calloc(1, sizeof *mailbox);
    if (!mailbox) {
        ic_error_memory(error);
        return NULL;
    }
    if (ic_open_pipe(ends, true) != 0) {
        ic_error_set(error, IC_ERR_IO, "cannot open a pipe: %s", strerror(errno));
        ic_free(mailbox);
        return NULL;
    }
    if (!ic_process_register(ends[0]) || !ic_process_register(ends[1])) {
        ic_process_unregister(ends[0]);
        close(ends[0]);
        close(ends[1]);
        ic_free(mailbox);
        ic_error_memory(error);
        return NULL;
    }
    atomic_init(&mailbox->references, 1);
    mailbox->hooks = hooks;
    mailbox->generation = ic_process_generation();
    mailbox->read_end = ends[0];
    mailbox->write_end = ends[1];
    mailbox->piped = !IC_HAS_WORD_WAIT;
    pthread_mutex_init(&mailbox->lock, NULL);
    return mailbox;
}

void ic_mailbox_retain(ic_mailbox *mailbox) {
    atomic_fetch_add_explicit(&mailbox->references, 1, memory_order_relaxed);
}

void ic_mailbox_release(ic_mailbox *mailbox) {
    if (!mailbox || atomic_fetch_sub_explicit(&mailbox->references, 1, memory_order_acq_rel) > 1) return;
    if (ic_mailbox_is_ours(mailbox)) {
        ic_mailbox_close(mailbox);
        pthread_mutex_destroy(&mailbox->lock);
    }
    ic_free(mailbox);
}

void ic_mailbox_close(ic_mailbox *mailbox) {
    if (!ic_mailbox_is_ours(mailbox)) return;
    unsigned notices;
    ic_mailbox_lock(mailbox);
    bool was_closed = mailbox->closed;
    mailbox->closed = true;
    ic_mailbox_unlock(mailbox);
    if (was_closed) return;
    for (ic_mailbox_node *node; (node = ic_mailbox_take(mailbox, &notices));)
        mailbox->hooks->drop(node, notices);
    /* Closed now and not at the last release, because other owners may keep the mailbox until the process
     * ends. */
    ic_process_unregister(mailbox->read_end);
    ic_process_unregister(mailbox->write_end);
    close(mailbox->read_end);
    close(mailbox->write_end);
}

/* The pipe's one byte. */
static void mailbox_set_readable(ic_mailbox *mailbox) {
    while (write(mailbox->write_end, "", 1) < 0 && errno == EINTR) {
    }
}

int ic_mailbox_descriptor(ic_mailbox *mailbox) {
    if (!ic_mailbox_is_ours(mailbox)) return -1;
    ic_mailbox_lock(mailbox);
    bool closed = mailbox->closed;
    if (!closed && !mailbox->piped && mailbox->first) mailbox_set_readable(mailbox);
    mailbox->piped = true;
    ic_mailbox_unlock(mailbox);
    return closed ? -1 : mailbox->read_end;
}

bool ic_mailbox_is_ours(const ic_mailbox *mailbox) {
    return mailbox->generation == ic_process_generation();
}

void ic_mailbox_add_unsaved(ic_mailbox *mailbox, int change) {
    atomic_fetch_add(&mailbox->unsaved, change);
}

bool ic_mailbox_has_unsaved(ic_mailbox *mailbox) {
    return ic_mailbox_is_ours(mailbox) && atomic_load(&mailbox->unsaved) > 0;
}

bool ic_mailbox_is_urgent(ic_mailbox *mailbox) {
    return atomic_load(&mailbox->urgent) > 0;
}

void ic_mailbox_lock(ic_mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
}

void ic_mailbox_unlock(ic_mailbox *mailbox) {
    pthread_mutex_unlock(&mailbox->lock);
}

/* The mailbox is locked. */
static ic_mailbox_node *mailbox_take_first(ic_mailbox *mailbox, unsigned *notices) {
    ic_mailbox_node *node = mailbox->first;
    if (!node) return NULL;
    mailbox->first = node->next;
    node->next = NULL;
    *notices = atomic_exchange(&node->notices, 0);
    if (*notices & mailbox->hooks->urgent) atomic_fetch_sub(&mailbox->urgent, 1);
    if (mailbox->first) return node;
    char byte;
    mailbox->last = NULL;
    while (mailbox->piped && read(mailbox->read_end, &byte, 1) < 0 && errno == EINTR) {
    }
    return node;
}

ic_mailbox_node *ic_mailbox_take(ic_mailbox *mailbox, unsigned *notices) {
    if (!ic_mailbox_is_ours(mailbox)) return NULL;
    *notices = 0;
    ic_mailbox_lock(mailbox);
    ic_mailbox_node *node = mailbox_take_first(mailbox, notices);
    ic_mailbox_unlock(mailbox);
    return node;
}

bool ic_mailbox_take_only(ic_mailbox *mailbox, ic_mailbox_node *node, unsigned notices) {
    unsigned taken;
    if (!ic_mailbox_is_ours(mailbox)) return false;
    ic_mailbox_lock(mailbox);
    bool only = mailbox->first == node && mailbox->last == node && atomic_load(&node->notices) == notices;
    if (only) mailbox_take_first(mailbox, &taken);
    ic_mailbox_unlock(mailbox);
    return only;
}

ic_mailbox_node *ic_mailbox_take_unless_urgent(ic_mailbox *mailbox, unsigned *notices) {
    *notices = 0;
    if (!ic_mailbox_is_ours(mailbox)) return NULL;
    ic_mailbox_lock(mailbox);
    if (mailbox->first) *notices = atomic_load(&mailbox->first->notices);
    bool urgent = *notices & mailbox->hooks->urgent;
    ic_mailbox_node *node = urgent ? NULL : mailbox_take_first(mailbox, notices);
    ic_mailbox_unlock(mailbox);
    return node;
}

static void mailbox_append(ic_mailbox *mailbox, ic_mailbox_node *node) {
    mailbox->hooks->retain(node);
    if (mailbox->last)
        mailbox->last->next = node;
    else
        mailbox->first = node;
    mailbox->last = node;
    if (mailbox->first != node) return;
    atomic_fetch_add(&mailbox->word, 1);
    if (mailbox->piped) mailbox_set_readable(mailbox);
}

bool ic_mailbox_post(ic_mailbox *mailbox, ic_mailbox_node *node, unsigned notices) {
    if (!ic_mailbox_is_ours(mailbox)) return false;
    ic_mailbox_lock(mailbox);
    bool open = !mailbox->closed;
    if (open) {
        unsigned before = atomic_fetch_or(&node->notices, notices), urgent = mailbox->hooks->urgent;
        if ((notices & urgent) && !(before & urgent)) atomic_fetch_add(&mailbox->urgent, 1);
        if (!before) mailbox_append(mailbox, node);
    }
    ic_mailbox_unlock(mailbox);
    if (atomic_load(&mailbox->sleepers)) ic_word_wake(&mailbox->word);
    return open;
}

bool ic_mailbox_is_empty(ic_mailbox *mailbox) {
    ic_mailbox_lock(mailbox);
    bool empty = !mailbox->first;
    ic_mailbox_unlock(mailbox);
    return empty;
}

/* Waits for the word to change. Only while no caller polls the pipe. */
static int mailbox_wait_for_word(ic_mailbox *mailbox, double seconds) {
    atomic_fetch_add(&mailbox->sleepers, 1);
    unsigned seen = atomic_load(&mailbox->word);
    int reason = ic_mailbox_is_empty(mailbox) ? ic_word_wait(&mailbox->word, seen, seconds) : 0;
    atomic_fetch_sub(&mailbox->sleepers, 1);
    return reason;
}

int ic_mailbox_wait(ic_mailbox *mailbox, double seconds) {
    double end = ic_now() + seconds;
    while (IC_HAS_WORD_WAIT && !mailbox->piped) {
        double left = seconds < 0 ? 3600 : fmin(fmax(end - ic_now(), 0), 3600);
        int reason = mailbox_wait_for_word(mailbox, left);
        if (!ic_mailbox_is_empty(mailbox)) return 1;
        if (reason == EINTR) return -1;
        if (seconds >= 0 && ic_now() >= end) return 0;
    }
    struct pollfd wanted = {.fd = ic_mailbox_descriptor(mailbox), .events = POLLIN};
    for (;;) {
        double left = seconds < 0 ? 3600 : end - ic_now();
        if (left < 0) left = 0;
        int ready = poll(&wanted, 1, (int)ceil(fmin(left, 3600) * 1000));
        if (ready > 0) return 1;
        if (ready < 0) return -1;
        if (seconds >= 0 && ic_now() >= end) return 0;
    }
}
